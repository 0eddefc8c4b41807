/** Why something is out of date, by what really changed, and what can be done about it. */
import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { type Root, roots } from "../../causes";
import { nodePath } from "../../nodes";
import { useCauseNames } from "../../queries";
import { useIds, useNode } from "../../store";
import { t } from "../../texts";
import { Causes } from "../../ui/causes";
import { Dialog } from "../../ui/dialog";
import { useDialogs } from "../../ui/dialogs";
import { Badges } from "../../ui/standing";
import type { NodeView } from "../../wire";
import { capital, count, nodeName, when } from "../../words";
import { AcceptButton, RerunButton, targetOf } from "./actions";

/** Of everything in the session: what changed, and which parts that reaches. */
export function WhyAll({ onClose }: { readonly onClose: () => void }): ReactNode {
  const names = useCauseNames();
  const say = t.session.why;
  return (
    <Dialog
      title={say.title}
      onClose={onClose}
      footer={
        <RerunButton target={{ stale: true }} verb="update" name={t.session.now.whatever} className="button primary" />
      }
    >
      <p>{say.lead(<em>{t.session.verb.update}</em>)}</p>
      <ul className="why-list">
        {roots(names).map((root) => (
          <OneRoot key={root.key} root={root} onLeave={onClose} />
        ))}
      </ul>
    </Dialog>
  );
}

/** So many parts are named until all are asked for. */
const FEW = 6;

function OneRoot({ root, onLeave }: { readonly root: Root; readonly onLeave: () => void }): ReactNode {
  const { session_id } = useIds();
  const { nodes } = useCauseNames();
  const [all, setAll] = useState(false);
  const shown = all ? root.parts : root.parts.slice(0, FEW);
  const say = t.session.why;
  return (
    <li className="why-root">
      <p>
        <strong>{root.text}</strong>
        {root.at && (
          <time className="soft small numbers" dateTime={root.at}>
            {" "}
            {when(root.at)}
          </time>
        )}{" "}
        <span className="soft whole">{say.reaches(count(root.parts.length, "part"))}</span>
      </p>
      <ul className="chips">
        {shown.map((node) => (
          <li key={node}>
            <Link href={nodePath(session_id, node)} onClick={onLeave}>
              {capital(nodeName(node))}
            </Link>{" "}
            <span className="soft">{nodes[node]?.title}</span>
          </li>
        ))}
        {shown.length < root.parts.length && (
          <li className="plain">
            <button type="button" className="link-button" onClick={() => setAll(true)}>
              {say.showMore(root.parts.length - shown.length)}
            </button>
          </li>
        )}
      </ul>
    </li>
  );
}

export function WhyButton({ node }: { readonly node: string }): ReactNode {
  const show = useDialogs();
  return (
    <button
      type="button"
      className="button slim"
      aria-label={t.session.why.buttonOf(nodeName(node))}
      onClick={() => show((onClose) => <WhyDialog node={node} onClose={onClose} />)}
    >
      {t.session.why.button}
    </button>
  );
}

/** The badges of a part; the one that says "out of date" opens its reason, and is no stop of the keyboard's own. */
export function NodeBadges({
  node,
  position,
}: {
  readonly node: string;
  readonly position?: number | null;
}): ReactNode {
  const view = useNode(node);
  const show = useDialogs();
  if (!view) return null;
  return (
    <Badges
      view={view}
      position={position}
      stale={
        <button
          type="button"
          tabIndex={-1}
          className="badge stale"
          aria-label={t.ui.badge.why(nodeName(node))}
          onClick={() => show((onClose) => <WhyDialog node={node} onClose={onClose} />)}
        >
          {t.words.stale}
        </button>
      }
    />
  );
}

function WhyDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }): ReactNode {
  const view = useNode(node);
  const name = nodeName(node);
  return (
    <Dialog
      title={t.session.why.of(capital(view?.title ? `${name} ${view.title}` : name))}
      onClose={onClose}
      footer={<WhyActions node={node} view={view} />}
    >
      {view?.freshness === "stale" ? <Causes node={node} causes={view.causes} /> : <p>{t.session.why.upToDateAgain}</p>}
    </Dialog>
  );
}

function WhyActions({ node, view }: { readonly node: string; readonly view: NodeView | undefined }): ReactNode {
  if (view?.freshness !== "stale") return null;
  return (
    <>
      {node !== "phase3" && <AcceptButton node={node} />}
      {!view.locked_at && <RerunButton target={targetOf(node)} name={nodeName(node)} className="button" />}
      <RerunButton target={{ stale: true }} verb="update" name={t.session.now.whatever} className="button primary" />
    </>
  );
}
