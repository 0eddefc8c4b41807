/** Files that are dropped on the window. Anywhere on it: a near miss would open the file in place of the page. */
import { useEffect, useEffectEvent, useState } from "react";

/** Whether files are held above the window now. */
export function useDroppedFiles(take: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const took = useEffectEvent(take);
  useEffect(() => {
    const listening = new AbortController();
    const on = (kind: "dragover" | "dragleave" | "drop", hear: (event: DragEvent) => void): void =>
      window.addEventListener(kind, hear, { signal: listening.signal });
    on("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(true);
    });
    on("dragleave", (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    on("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      setOver(false);
      took([...(event.dataTransfer?.files ?? [])]);
    });
    return () => listening.abort();
  }, []);
  return over;
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
