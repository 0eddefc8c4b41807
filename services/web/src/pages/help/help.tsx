/** What a rerun means, with a picture, and every sign, key and term. */
import type { ReactNode } from "react";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import { useTitle } from "../../ui/title";
import { type Standing, standingName } from "../../words";
import { RerunPicture } from "./rerun-picture";

const SIGNS: readonly Standing[] = [
  "pending",
  "queued",
  "running",
  "cancelling",
  "completed",
  "stale",
  "failed",
  "cancelled",
];

export default function HelpPage(): ReactNode {
  const say = t.pages.help;
  useTitle(say.tab);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
      </div>
      <section className="stack">
        <h2>{say.phases}</h2>
        <ol className="bullets">
          {say.phase.map(([name, does]) => (
            <li key={name}>
              <strong>{name}</strong> {does}
            </li>
          ))}
        </ol>
      </section>
      <section className="stack">
        <h2>{say.rerun}</h2>
        <p>{say.rerunLead}</p>
        <RerunPicture />
        <p>{say.rerunThen}</p>
        <p>{say.update}</p>
      </section>
      <section className="stack">
        <h2>{say.signs}</h2>
        <ul className="signs">
          {SIGNS.map((sign) => (
            <li key={sign}>
              <Glyph of={sign} still /> {standingName(sign)}
            </li>
          ))}
          <li>
            <Glyph of="locked" still /> {t.ui.term.locked.name}
          </li>
        </ul>
      </section>
      <section className="stack">
        <h2>{say.keys}</h2>
        <dl className="words">
          {say.key.map(([key, does]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="stack">
        <h2>{say.words}</h2>
        <dl className="words">
          {Object.values(t.ui.term).map((term) => (
            <div key={term.name}>
              <dt>{term.name}</dt>
              <dd>{term.meaning}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}
