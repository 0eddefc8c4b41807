/** How research is to be done, whether with a batch or as a further session on one: guidance, engine, ceiling, a stop after the plan. */
import { type ReactNode, useId, useState } from "react";
import type { Config } from "../wire";
import { type Ceiling, CeilingField, useCeiling } from "./ceiling";
import { Check } from "./choice";
import { EngineChoice } from "./engine-choice";
import { LanguageChoice, languagesOf } from "./language-choice";

interface Chosen {
  readonly guidance: string;
  readonly engine: string;
  readonly language: string;
  readonly review: boolean;
}

export interface ResearchChoices {
  readonly chosen: Chosen;
  readonly choose: (part: Partial<Chosen>) => void;
  readonly ceiling: Ceiling;
  /** What is asked for: only what differs from the server's own choice. */
  readonly asked: {
    readonly guidance?: string;
    readonly engine?: string;
    readonly language?: string;
    readonly options: { readonly stop_after?: "phase2"; readonly max_session_tokens?: number };
  };
}

export function useResearchChoices(config: Config | undefined): ResearchChoices {
  const own = config?.engine ?? "";
  const [chosen, setChosen] = useState<Chosen>({ guidance: "", engine: own, language: "", review: false });
  const ceiling = useCeiling();
  const guidance = chosen.guidance.trim();
  return {
    chosen,
    choose: (part) => setChosen((before) => ({ ...before, ...part })),
    ceiling,
    asked: {
      ...(guidance ? { guidance } : {}),
      ...(chosen.engine === own ? {} : { engine: chosen.engine }),
      // An engine chosen later may not have the language chosen before.
      ...(languagesOf(config?.languages, chosen.engine).includes(chosen.language) ? { language: chosen.language } : {}),
      options: {
        ...(chosen.review ? { stop_after: "phase2" } : {}),
        ...(ceiling.tokens === null ? {} : { max_session_tokens: ceiling.tokens }),
      },
    },
  };
}

interface Props {
  readonly choices: ResearchChoices;
  readonly config: Config;
}

export function ResearchFields({ choices: { chosen, choose, ceiling }, config }: Props): ReactNode {
  const id = useId();
  return (
    <>
      <div className="field">
        <label htmlFor={id}>Guidance</label>
        <textarea
          id={id}
          value={chosen.guidance}
          maxLength={config.limits.guidance}
          aria-describedby={`${id}-hint`}
          onChange={(event) => choose({ guidance: event.target.value })}
        />
        <p className="hint" id={`${id}-hint`}>
          What to pay attention to, for example “look closely at costs”. Optional.
        </p>
      </div>
      <EngineChoice engines={config.engines} chosen={chosen.engine} onChoose={(engine) => choose({ engine })} />
      <LanguageChoice
        languages={config.languages}
        engine={chosen.engine}
        chosen={chosen.language}
        unnamed={[{ value: "", words: "The question’s own" }]}
        onChoose={(language) => choose({ language })}
      />
      {chosen.engine !== "extractive" && <CeilingField ceiling={ceiling} of="the session" />}
      <Check checked={chosen.review} onChange={(review) => choose({ review })}>
        Stop after the plan, so that I can read and edit it first
      </Check>
    </>
  );
}
