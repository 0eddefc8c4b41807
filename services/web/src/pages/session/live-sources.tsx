/** What becomes of each source while the preparation runs. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../../api";
import { useIds, useSession } from "../../store";
import { Glyph } from "../../ui/glyph";
import type { Status } from "../../wire";
import { sourceName } from "../../words";

const SIGNS: Record<string, Parameters<typeof Glyph>[0]["of"]> = {
  completed: "completed",
  failed: "failed",
  inProgress: "running",
};

const AFTER: Partial<Record<Status, string>> = {
  pending: "Not read yet",
  queued: "Waiting to be read",
  completed: "The steps appear here when the plan is made.",
};

export function LiveSources(): ReactNode {
  const { batch_id } = useIds();
  const live = useSession((session) => session.live.sources);
  const status = useSession((session) => session.state.nodes.phase0?.status ?? "pending");
  const sources = useQuery({ queryKey: ["sources", batch_id], queryFn: () => api.sources(batch_id) });
  const all = sources.data ?? [];
  const count = (end: string) => all.filter(({ source_id }) => live[source_id]?.status === end).length;
  const failed = count("failed");
  return (
    <section className="stack" aria-label="Sources">
      <div className="section-head">
        <h2>Sources</h2>
        <p className="soft">
          {status === "running"
            ? `${count("completed")} of ${all.length} read${failed ? `, ${failed} failed` : ""}`
            : AFTER[status]}
        </p>
      </div>
      <ul className="live-sources">
        {all.map((source) => {
          const now = live[source.source_id];
          const sign =
            SIGNS[now?.status ?? ""] ??
            (status === "completed" ? (source.stored?.reason ? "failed" : "completed") : "pending");
          return (
            <li key={source.source_id}>
              <Glyph of={sign} label={sign} />
              <span className="one-line">{sourceName(source)}</span>
              <span className="soft small one-line">
                {now?.error ?? (sign === "running" ? now?.stage : source.stored?.detail) ?? ""}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
