import { useEffect, useState } from "react";

/** Milliseconds since 1970, told anew after each pause; null for no pause: told once. */
export function useNow(pause: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (pause === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), pause);
    return () => clearInterval(timer);
  }, [pause]);
  return now;
}
