/** What becomes of each source while the preparation runs. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../../api";
import { useIds, useSession, useUnread } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import type { Status } from "../../wire";
import { doingText, type Standing, sourceName, standingName, troubleText } from "../../words";

const SIGNS: Record<string, Parameters<typeof Glyph>[0]["of"]> = {
  completed: "completed",
  failed: "failed",
  inProgress: "running",
};

export function LiveSources(): ReactNode {
  const { batch_id } = useIds();
  const live = useSession((session) => session.live.sources);
  const status = useSession((session) => session.state.nodes.phase0?.status ?? "pending");
  const unread = useUnread();
  const sources = useQuery({ queryKey: ["sources", batch_id], queryFn: () => api.sources(batch_id) });
  const all = sources.data ?? [];
  const count = (end: string) => all.filter(({ source_id }) => live[source_id]?.status === end).length;
  const failed = count("failed");
  const say = t.session.overview;
  const after: Partial<Record<Status, string>> = {
    pending: say.notReadYet,
    queued: say.waitsToBeRead,
    completed: say.stepsAppear,
  };
  return (
    <section className="stack" aria-label={say.sources}>
      <div className="section-head">
        <h2>{say.sources}</h2>
        <p className="soft">
          {status === "running"
            ? say.readOf(count("completed"), all.length) + (failed ? say.failedToo(failed) : "")
            : after[status]}
        </p>
      </div>
      <ul className="live-sources">
        {all.map((source) => {
          const now = live[source.source_id];
          const sign =
            SIGNS[now?.status ?? ""] ??
            (status === "completed"
              ? source.stored?.reason
                ? "failed"
                : "completed"
              : unread.has(source.source_id) && source.revision === 1
                ? "failed"
                : "pending");
          return (
            <li key={source.source_id}>
              <Glyph of={sign} label={standingName(sign as Standing)} />
              <span className="one-line">{sourceName(source)}</span>
              <span className="soft small one-line">
                {now?.error
                  ? troubleText(now.reason, now.error)
                  : sign === "running"
                    ? now && doingText(now)
                    : troubleText(source.stored?.reason, source.stored?.detail ?? "")}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
