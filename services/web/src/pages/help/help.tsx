/** What a rerun means, with a picture, and every term. */
import type { ReactNode } from "react";
import { TERMS } from "../../terms";
import { Glyph } from "../../ui/glyph";
import { useTitle } from "../../ui/title";
import { STATUS_WORDS, type Standing } from "../../words";
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
  useTitle("Help");
  return (
    <div className="page">
      <div className="page-head">
        <h1>How Reprise works</h1>
        <p className="lead">
          Research is a chain of results, each made from the ones before. You can make any of them again.
        </p>
      </div>
      <section className="stack">
        <h2>Five phases</h2>
        <ol className="bullets">
          <li>
            <strong>Sources</strong> are fetched, read and summarised.
          </li>
          <li>
            <strong>Goals</strong>: the questions that the sources can answer.
          </li>
          <li>
            <strong>Plan</strong>: the goals brought together, and the steps that answer them.
          </li>
          <li>
            <strong>Steps</strong> are carried out side by side. Each finds claims with the passages that they rest on.
          </li>
          <li>
            <strong>Report</strong>: what was found, every claim with its source.
          </li>
        </ol>
      </section>
      <section className="stack">
        <h2>What a rerun does</h2>
        <p>Say you run step 2 again, with other guidance. There are two ways to go on from there:</p>
        <RerunPicture />
        <p>
          Before anything runs, the dialog lists what will run, what is kept and what becomes out of date. Nothing else
          happens. If a rerun says the same as before, nothing below it has to run, and it says “unchanged”.
        </p>
        <p>
          Whatever is out of date says so and says why. <strong>Update</strong> runs just that, in order, and nothing
          else.
        </p>
      </section>
      <section className="stack">
        <h2>Signs</h2>
        <ul className="signs">
          {SIGNS.map((sign) => (
            <li key={sign}>
              <Glyph of={sign} /> {sign === "stale" ? "Out of date" : STATUS_WORDS[sign]}
            </li>
          ))}
        </ul>
      </section>
      <section className="stack">
        <h2>Words</h2>
        <dl className="words">
          {Object.values(TERMS).map((term) => (
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
