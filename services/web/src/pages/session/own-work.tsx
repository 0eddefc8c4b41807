/** What an update leaves, because somebody edited it by hand and what it was made from has changed since; and what can be done. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { nodePath } from "../../nodes";
import { useIds, useSession } from "../../store";
import { t } from "../../texts";
import { Glyph } from "../../ui/glyph";
import type { NodeView } from "../../wire";
import { nodeName } from "../../words";

const EDITABLE = ["phase1", "phase2"] as const;

export function OwnWork({ onLeave }: { readonly onLeave: () => void }): ReactNode {
  const nodes = useSession((session) => session.state.nodes);
  const { session_id } = useIds();
  return EDITABLE.filter((node) => passedBy(nodes[node])).map((node) => (
    <p key={node} className="notice stale">
      <Glyph of="stale" />
      <span>
        {t.session.rerun.ownWork(
          <Link href={nodePath(session_id, node)} onClick={onLeave}>
            {nodeName(node)}
          </Link>,
        )}
      </span>
    </p>
  ));
}

/** What is out of date only through what is above it comes right with that. */
function passedBy(view: NodeView | undefined): boolean {
  return (
    Boolean(view?.edited) && view?.freshness === "stale" && view.causes.some(({ reason }) => reason !== "upstream")
  );
}
