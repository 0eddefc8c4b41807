/** Why something is out of date: the chain of causes, in words, each with its time. */
import type { ReactNode } from "react";
import type { Cause } from "../wire";
import { when } from "../words";

export function Causes({ causes }: { readonly causes: readonly Cause[] }): ReactNode {
  const told = [...new Map(causes.filter((cause) => cause.text).map((cause) => [cause.text, cause])).values()];
  return (
    <ul className="causes">
      {told.map((cause) => (
        <li key={cause.text} className={cause.reason === "upstream" ? "soft" : undefined}>
          {cause.text}
          {cause.at && (
            <span className="soft small numbers">
              {" "}
              <time dateTime={cause.at}>{when(cause.at)}</time>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
