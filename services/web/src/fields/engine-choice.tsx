/** Which engine does the research; nothing where there is no choice. */
import type { ReactNode } from "react";
import { Choice } from "./choice";

const ENGINES: Record<string, readonly [string, string]> = {
  extractive: ["Extractive", "Quotes the sources word for word. Needs no model and sends nothing anywhere."],
  openai: ["Language model", "Writes in its own words, each claim checked against its quote."],
};

export function engineName(engine: string): string {
  return engine === "extractive" ? "Extractive engine" : (ENGINES[engine]?.[0] ?? engine);
}

export function EngineChoice({
  engines,
  chosen,
  onChoose,
}: {
  readonly engines: readonly string[];
  readonly chosen: string;
  readonly onChoose: (engine: string) => void;
}): ReactNode {
  if (engines.length < 2) return null;
  return (
    <fieldset className="choices">
      <legend>Engine</legend>
      {engines.map((name) => (
        <Choice
          key={name}
          name="engine"
          value={name}
          chosen={chosen}
          onChoose={onChoose}
          hint={ENGINES[name]?.[1] ?? ""}
        >
          {ENGINES[name]?.[0] ?? name}
        </Choice>
      ))}
    </fieldset>
  );
}
