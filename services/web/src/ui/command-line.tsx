/** Where your commands stand, in the one line of the bar: the newest is shown, all of them on demand; read out as it changes. */
import { type ReactNode, useState } from "react";
import { type Sent, type Standing, useDesk, useLetGo, useStanding } from "../commands";
import { t } from "../texts";
import { problemText } from "../words";
import { Dialog } from "./dialog";
import { Glyph } from "./glyph";
import { ProblemWords } from "./problem";

const GLYPHS: Record<Standing["status"], Parameters<typeof Glyph>[0]["of"]> = {
  sent: "pending",
  accepted: "pending",
  queued: "queued",
  merged: "queued",
  running: "info",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  refused: "failed",
};

interface Props {
  /** What is said where there is no command. */
  readonly otherwise: string;
}

export function CommandLine({ otherwise }: Props): ReactNode {
  const { sent } = useDesk();
  const [open, setOpen] = useState(false);
  const newest = sent.at(-1);
  const older = sent.slice(0, -1);
  const say = t.ui.command;
  return (
    <>
      <div className="command" role="status" aria-live="polite" aria-label={say.tray}>
        {newest && (
          <button
            type="button"
            className="command-newest"
            title={t.session.now.showCommands}
            onClick={() => setOpen(true)}
          >
            <Line one={newest} />
          </button>
        )}
        {older.length > 0 && <span className="soft"> {t.session.now.commandsMore(older.length)}</span>}
        {older.toReversed().map((one) => (
          <span key={one.commandId} className="hidden">
            <Line one={one} />
          </span>
        ))}
      </div>
      {!newest && <p className="one-line">{otherwise}</p>}
      {open && newest && (
        <Dialog title={say.tray} onClose={() => setOpen(false)}>
          <ul className="stack">
            {sent.toReversed().map((one) => (
              <Whole key={one.commandId} one={one} />
            ))}
          </ul>
        </Dialog>
      )}
    </>
  );
}

function words(one: Sent, standing: Standing): ReactNode {
  const say = t.ui.command;
  const place = standing.status === "queued" && standing.position ? say.place(standing.position) : "";
  return (
    <>
      {say.line(one.label, <strong>{standing.status === "completed" ? one.done : say.status[standing.status]}</strong>)}
      {place}
    </>
  );
}

function Line({ one }: { readonly one: Sent }): ReactNode {
  const standing = useStanding(one);
  useLetGo(one, standing);
  const problem = standing.problem;
  return (
    <>
      <Glyph of={GLYPHS[standing.status]} />
      <span className={`one-line ${problem ? "error-text" : ""}`}>
        {words(one, standing)}
        {problem && t.ui.command.why(problemText(problem))}
      </span>
    </>
  );
}

function Whole({ one }: { readonly one: Sent }): ReactNode {
  const standing = useStanding(one);
  const { dismiss } = useDesk();
  return (
    <li className="command-whole">
      <Glyph of={GLYPHS[standing.status]} />
      <div>
        <p>{words(one, standing)}</p>
        {standing.problem && (
          <p>
            <ProblemWords problem={standing.problem} />
          </p>
        )}
      </div>
      <button
        type="button"
        className="button quiet slim"
        onClick={() => dismiss(one.commandId)}
        aria-label={t.ui.command.dismissIt(one.label)}
      >
        {t.ui.command.dismiss}
      </button>
    </li>
  );
}
