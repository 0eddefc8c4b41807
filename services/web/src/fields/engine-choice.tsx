/** Which engine does the research; nothing where there is no choice. One that cannot work says why. */
import type { ReactNode } from "react";
import { t } from "../texts";
import type { Config } from "../wire";
import { Choice } from "./choice";

/** The engine that needs the address of a model. */
const MODEL = "openai";

export function engineName(engine: string): string {
  return t.fields.engine.long[engine] ?? engine;
}

/** Return whether an engine can work on this server: one with a model needs an endpoint. */
export function canWork(engine: string, config: Pick<Config, "endpoint">): boolean {
  return engine !== MODEL || config.endpoint.host !== "";
}

interface Props {
  readonly config: Config;
  readonly chosen: string;
  readonly onChoose: (engine: string) => void;
}

export function EngineChoice({ config, chosen, onChoose }: Props): ReactNode {
  const say = t.fields.engine;
  if (config.engines.length < 2) return null;
  return (
    <fieldset className="choices">
      <legend>{say.legend}</legend>
      {config.engines.map((name) => {
        const works = canWork(name, config);
        const leaves = name === MODEL && works && config.endpoint.leaves_machine;
        const hint = [say.hint[name], leaves && say.leaves(config.endpoint.host), !works && say.noEndpoint];
        return (
          <Choice
            key={name}
            name="engine"
            value={name}
            chosen={chosen}
            onChoose={onChoose}
            disabled={!works}
            hint={hint.filter(Boolean).join(" ")}
          >
            {say.name[name] ?? name}
          </Choice>
        );
      })}
    </fieldset>
  );
}
