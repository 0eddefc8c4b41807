/** Why a part is out of date: first what really changed, each by name and with its time, then what stands between. */
import type { ReactNode } from "react";
import { causeText, changesOf } from "../causes";
import { useCauseNames } from "../queries";
import { t } from "../texts";
import type { Cause } from "../wire";
import { listed, nodeName, when } from "../words";

/** So many changes are told one by one. */
const MOST = 12;

export function Causes({ node, causes }: { readonly node: string; readonly causes: readonly Cause[] }): ReactNode {
  const names = useCauseNames();
  const changes = causes.some((cause) => cause.reason !== "upstream") ? changesOf(causes) : [];
  const told = [...new Map(changes.map((cause) => [causeText(cause, node, names), cause.at])).entries()];
  const between = [...new Set(causes.filter((cause) => cause.reason === "upstream").map((cause) => cause.node))];
  return (
    <ul className="causes">
      {told.slice(0, MOST).map(([text, at]) => (
        <li key={text}>
          {text}
          {at && (
            <span className="soft small numbers">
              {" "}
              <time dateTime={at}>{when(at)}</time>
            </span>
          )}
        </li>
      ))}
      {told.length > MOST && <li>{t.session.why.moreChanges(told.length - MOST)}</li>}
      {between.length > 0 && <li className="soft">{through(between)}</li>}
    </ul>
  );
}

/** Of many the server names some. */
function through(nodes: readonly string[]): string {
  const names = nodes.map(nodeName);
  if (names.length > 6) return t.session.why.throughMany(names.slice(0, 5).join(", "));
  const one = nodes.length === 1 && nodes[0] !== "phase0" && nodes[0] !== "phase1";
  return t.session.why.through(listed(names), one);
}
