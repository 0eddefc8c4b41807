/** Says before anything is sent that the engine has no words in the language of the question. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { api } from "../api";
import { t } from "../texts";
import { Glyph } from "../ui/glyph";
import type { Config } from "../wire";
import { languagesOf } from "./language-choice";
import { engineOf, type ResearchDraft } from "./research-choices";

/** Milliseconds without a key after which the question is looked at. */
const PAUSE = 400;
/** Characters by which a language can be told. */
const LEAST = 8;

export function LanguageNotice({
  draft,
  config,
}: {
  readonly draft: ResearchDraft;
  readonly config: Config;
}): ReactNode {
  const topic = useSettled(draft.topic.trim());
  const engine = engineOf(draft, config);
  const written = languagesOf(config.languages, engine);
  const asks = engine === "extractive" && !written.includes(draft.language) && topic.length >= LEAST;
  const { data } = useQuery({
    queryKey: ["language", topic],
    queryFn: ({ signal }) => api.languageOf(topic, signal),
    enabled: asks,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const code = asks ? data?.language : null;
  const lacks = code && !written.includes(code.split("-")[0] ?? code);
  return (
    <div role="status">
      {lacks && (
        <p className="notice">
          <Glyph of="info" />
          <span>
            {t.fields.language.lacking(new Intl.DisplayNames(t.locale, { type: "language" }).of(code) ?? code)}
          </span>
        </p>
      )}
    </div>
  );
}

/** A text once it has stood for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
