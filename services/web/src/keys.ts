/** Keys that do something wherever one is on a page, unless one is typing or a dialog is open. */
import { useEffect, useEffectEvent } from "react";

/** `null` for no key. */
export function useKey(key: string | null, act: () => void): void {
  const pressed = useEffectEvent(act);
  useEffect(() => {
    if (key === null) return;
    const hear = (event: KeyboardEvent): void => {
      const { target } = event;
      const typing =
        target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      pressed();
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, [key]);
}
