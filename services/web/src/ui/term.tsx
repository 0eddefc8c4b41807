/** A word that explains itself: on hover, on focus and on a tap. */
import * as Tooltip from "@radix-ui/react-tooltip";
import { type ReactNode, useRef, useState } from "react";
import { TERMS, type TermName } from "../terms";

export function Term({ of, children }: { readonly of: TermName; readonly children?: ReactNode }): ReactNode {
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <Tooltip.Root open={open} onOpenChange={setOpen}>
      <Tooltip.Trigger asChild>
        <button
          ref={trigger}
          type="button"
          className="term"
          onClick={(event) => {
            event.preventDefault(); // else the trigger closes what a tap opens
            setOpen(true);
          }}
        >
          {children ?? TERMS[of].name}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal container={trigger.current?.closest("dialog") /* else it lies below the modal dialog */}>
        <Tooltip.Content
          className="tip"
          sideOffset={6}
          collisionPadding={12}
          onPointerDownOutside={() => setOpen(false)}
        >
          {TERMS[of].meaning}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
