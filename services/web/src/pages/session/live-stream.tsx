/** What a model writes at this moment. */
import { type ReactNode, useEffect, useRef } from "react";
import { useSession } from "../../store";
import { t } from "../../texts";
import { capital, nodeName } from "../../words";

export function LiveStream(): ReactNode {
  const stream = useSession((session) => {
    const open = Object.values(session.live.streams).filter(
      (one) => !one.done && session.state.nodes[one.node]?.status === "running",
    );
    return open.at(-1);
  });
  const end = useRef<HTMLDivElement>(null);
  const text = stream?.text;
  useEffect(() => {
    if (text !== undefined && end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [text]);
  if (!stream) return null;
  return (
    <aside className="stream" aria-label={t.session.overview.writtenNow}>
      <p className="small soft">{t.session.overview.beingWritten(capital(nodeName(stream.node)))}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <div className="stream-text" ref={end} tabIndex={0} role="log" aria-live="off">
        {stream.text}
      </div>
    </aside>
  );
}
