/** A place that is kept once something stood there, so that what is read below does not jump when that goes. */
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { Glyph } from "./glyph";

interface Props {
  readonly shown: boolean;
  /** What is said when it is shown no more. */
  readonly after: string;
  readonly children: ReactNode;
}

export function Held({ shown, after, children }: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    if (shown && box.current) setHeight(box.current.offsetHeight);
  });
  if (shown) return <div ref={box}>{children}</div>;
  if (height === 0) return null;
  return (
    <div style={{ minHeight: height }}>
      <p className="notice">
        <Glyph of="completed" />
        <span>{after}</span>
      </p>
    </div>
  );
}
