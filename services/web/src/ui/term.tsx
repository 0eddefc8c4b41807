/** A word that explains itself: on hover, on focus and on a tap. */
import * as Tooltip from "@radix-ui/react-tooltip";
import { type ReactNode, useRef, useState } from "react";
import { type Texts, t } from "../texts";

export type TermName = keyof Texts["ui"]["term"];

interface Props {
  readonly of: TermName;
  readonly children?: ReactNode;
  /** One of many alike: no stop of its own for whoever goes by keyboard, to whom the help page says the same. */
  readonly aside?: boolean;
}

export function Term({ of, children, aside = false }: Props): ReactNode {
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <Tooltip.Root open={open} onOpenChange={setOpen}>
      <Tooltip.Trigger asChild>
        <button
          ref={trigger}
          type="button"
          className="term"
          tabIndex={aside ? -1 : undefined}
          onClick={(event) => {
            event.preventDefault(); // else the trigger closes what a tap opens
            setOpen(true);
          }}
        >
          {children ?? t.ui.term[of].name}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal container={trigger.current?.closest("dialog") /* else it lies below the modal dialog */}>
        <Tooltip.Content
          className="tip"
          sideOffset={6}
          collisionPadding={12}
          onPointerDownOutside={() => setOpen(false)}
        >
          {t.ui.term[of].meaning}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
