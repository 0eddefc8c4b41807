/** The dialogs that are open, apart from the buttons that opened them: a button may give way, what is typed may not. */
import { createContext, Fragment, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";

type Shown = (onClose: () => void) => ReactNode;

const Context = createContext<((shown: Shown) => void) | null>(null);

export function Dialogs({ children }: { readonly children: ReactNode }): ReactNode {
  const [open, setOpen] = useState<readonly (readonly [number, Shown])[]>([]);
  const newest = useRef(0);
  const [path] = useLocation();
  const show = useCallback((shown: Shown) => {
    newest.current += 1;
    const key = newest.current;
    setOpen((all) => [...all, [key, shown]]);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what a page has opened ends with the page
  useEffect(() => setOpen([]), [path]);
  return (
    <Context value={show}>
      {children}
      {open.map(([key, shown]) => (
        <Fragment key={key}>{shown(() => setOpen((all) => all.filter(([other]) => other !== key)))}</Fragment>
      ))}
    </Context>
  );
}

export function useDialogs(): (shown: Shown) => void {
  const show = useContext(Context);
  if (!show) throw new Error("no place for dialogs around this component");
  return show;
}
