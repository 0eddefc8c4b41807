/** How research is to be done, whether with a batch or as a further session on one: guidance, engine, ceiling, a stop after the plan. */
import { type ReactNode, useId } from "react";
import { t } from "../texts";
import type { Config } from "../wire";
import { CeilingField, readCeiling } from "./ceiling";
import { Check } from "./choice";
import { canWork, EngineChoice } from "./engine-choice";
import { LanguageChoice, languagesOf } from "./language-choice";

export interface ResearchDraft {
  readonly topic: string;
  readonly guidance: string;
  /** Empty: the server's own choice. */
  readonly engine: string;
  readonly language: string;
  readonly review: boolean;
  /** At most so many, as it was typed. */
  readonly tokens: string;
}

export const NO_RESEARCH: ResearchDraft = {
  topic: "",
  guidance: "",
  engine: "",
  language: "",
  review: false,
  tokens: "",
};

/** What is asked for: only what differs from the server's own choice. */
export interface Asked {
  readonly guidance?: string;
  readonly engine?: string;
  readonly language?: string;
  readonly options: { readonly stop_after?: "phase2"; readonly max_session_tokens?: number };
}

/** The engine that a draft stands for. One that cannot work, chosen when it still could, is none. */
export function engineOf(draft: ResearchDraft, config: Config | undefined): string {
  const known = draft.engine && config?.engines.includes(draft.engine) && canWork(draft.engine, config);
  return known ? draft.engine : (config?.engine ?? "");
}

export function askedOf(draft: ResearchDraft, config: Config | undefined): Asked {
  const guidance = draft.guidance.trim();
  const engine = engineOf(draft, config);
  const { tokens } = readCeiling(draft.tokens);
  return {
    ...(guidance ? { guidance } : {}),
    ...(engine === config?.engine ? {} : { engine }),
    // An engine chosen later may not have the language chosen before.
    ...(languagesOf(config?.languages, engine).includes(draft.language) ? { language: draft.language } : {}),
    options: {
      ...(draft.review ? { stop_after: "phase2" } : {}),
      ...(tokens === null ? {} : { max_session_tokens: tokens }),
    },
  };
}

interface Props {
  readonly draft: ResearchDraft;
  readonly onChange: (part: Partial<ResearchDraft>) => void;
  readonly config: Config;
}

export function ResearchFields({ draft, onChange, config }: Props): ReactNode {
  const id = useId();
  const engine = engineOf(draft, config);
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{t.fields.guidance.label}</label>
        <textarea
          id={id}
          value={draft.guidance}
          maxLength={config.limits.guidance}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange({ guidance: event.target.value })}
        />
        <p className="hint" id={`${id}-hint`}>
          {t.fields.guidance.hint}
        </p>
      </div>
      <EngineChoice config={config} chosen={engine} onChoose={(engine) => onChange({ engine })} />
      <LanguageChoice
        languages={config.languages}
        engine={engine}
        chosen={draft.language}
        unnamed={[{ value: "", words: t.fields.language.own }]}
        onChoose={(language) => onChange({ language })}
      />
      {engine !== "extractive" && (
        <CeilingField text={draft.tokens} onChange={(tokens) => onChange({ tokens })} of="session" />
      )}
    </>
  );
}

/** A switch that stands beside the button which starts the research. */
export function ReviewSwitch({ draft, onChange }: Pick<Props, "draft" | "onChange">): ReactNode {
  return (
    <Check checked={draft.review} onChange={(review) => onChange({ review })} hint={t.fields.reviewHint}>
      {t.fields.review}
    </Check>
  );
}
