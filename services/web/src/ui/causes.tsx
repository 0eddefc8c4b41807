/** Why something is out of date, in words: first what really changed, each with its time, then what stands between. */
import type { ReactNode } from "react";
import type { Cause } from "../wire";
import { listed, nodeName, when } from "../words";

/** So many changes are told one by one. */
const MOST = 12;

export function Causes({ causes }: { readonly causes: readonly Cause[] }): ReactNode {
  const told = [...new Map(causes.filter((cause) => cause.text).map((cause) => [cause.text, cause])).values()];
  const changes = told.filter((cause) => cause.reason !== "upstream");
  const between = told.filter((cause) => cause.reason === "upstream").map((cause) => cause.node);
  return (
    <ul className="causes">
      {changes.slice(0, MOST).map((cause) => (
        <li key={cause.text}>
          {cause.text}
          {cause.at && (
            <span className="soft small numbers">
              {" "}
              <time dateTime={cause.at}>{when(cause.at)}</time>
            </span>
          )}
        </li>
      ))}
      {changes.length > MOST && <li>and {changes.length - MOST} more changes</li>}
      {between.length > 0 && <li className="soft">It was made from {through(between)}.</li>}
    </ul>
  );
}

/** "step 2, which is out of date". Of many the server names some. */
function through(nodes: readonly string[]): string {
  const names = nodes.map(nodeName);
  if (names.length > 6) return `${names.slice(0, 5).join(", ")} and others, which are out of date`;
  const one = nodes.length === 1 && nodes[0] !== "phase0" && nodes[0] !== "phase1";
  return `${listed(names)}, which ${one ? "is" : "are"} out of date`;
}
