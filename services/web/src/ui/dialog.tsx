/** A modal dialog on the browser's own: it keeps the focus, closes with Escape, and gives the focus back. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { t } from "../texts";

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** What the button says that closes it and does nothing; none without. */
  readonly decline?: string;
  readonly footer?: ReactNode;
  readonly wide?: boolean;
}

export function Dialog({ title, onClose, children, decline, footer, wide = false }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    const place = before?.parentElement;
    const open = dialog.current;
    open?.showModal();
    firstChoice(open)?.focus({ preventScroll: true });
    return () => {
      open?.close();
      // What opened it may have given way to another button, say to one that cancels.
      const back = before?.isConnected ? before : place?.querySelector("button");
      if (back instanceof HTMLElement) back.focus();
    };
  }, []);
  return createPortal(
    <dialog
      ref={dialog}
      className={wide ? "wide" : undefined}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog">
        <header>
          <h2 id={heading}>{title}</h2>
          <button type="button" className="button icon quiet" aria-label={t.ui.dialog.close} onClick={onClose}>
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
              <path d="M3 3l10 10M13 3L3 13" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
            </svg>
          </button>
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
        <section className="body scrolls" tabIndex={0} aria-labelledby={heading}>
          {children}
        </section>
        {footer && (
          <footer>
            {decline && (
              <button type="button" className="button" onClick={onClose}>
                {decline}
              </button>
            )}
            {footer}
          </footer>
        )}
      </div>
    </dialog>,
    document.body, // so that it looks the same wherever its button stands
  );
}

/** Where a dialog begins: at what is chosen or filled in first, else at the browser's own choice. */
function firstChoice(dialog: HTMLDialogElement | null): HTMLElement | null {
  const fields = "input:not([type=radio], .hidden, :disabled), input[type=radio]:checked, textarea, select";
  return dialog?.querySelector<HTMLElement>(`.body :is(${fields})`) ?? null;
}
