/** What becomes of each source while the preparation runs. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../api";
import { useIds, useSession } from "../store";
import { Glyph } from "../ui/glyph";
import { sourceName } from "./source-name";

const SIGNS: Record<string, Parameters<typeof Glyph>[0]["of"]> = {
  completed: "completed",
  failed: "failed",
  inProgress: "running",
};

export function LiveSources(): ReactNode {
  const { batch_id } = useIds();
  const live = useSession((session) => session.live.sources);
  const status = useSession((session) => session.state.nodes.phase0?.status ?? "pending");
  const sources = useQuery({ queryKey: ["sources", batch_id], queryFn: () => api.sources(batch_id) });
  return (
    <section className="stack" aria-label="Sources">
      <div className="section-head">
        <h2>Sources</h2>
        <p className="soft">
          {status === "completed" ? "The steps appear here when the plan is made." : "Being read now."}
        </p>
      </div>
      <ul className="live-sources">
        {(sources.data ?? []).map((source) => {
          const now = live[source.source_id];
          const sign =
            SIGNS[now?.status ?? ""] ??
            (status === "completed" ? (source.stored?.reason ? "failed" : "completed") : "pending");
          return (
            <li key={source.source_id}>
              <Glyph of={sign} label={sign} />
              <span className="one-line">{sourceName(source)}</span>
              <span className="soft small one-line">{now?.error ?? now?.stage ?? source.stored?.detail ?? ""}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
