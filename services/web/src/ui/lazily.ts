/** A page that is loaded when it is first shown; a network that is away for a moment is asked again. */
import { type ComponentType, type LazyExoticComponent, lazy } from "react";

const PAUSES = [300, 1_000, 3_000];

export function lazily(load: () => Promise<{ default: ComponentType }>): LazyExoticComponent<ComponentType> {
  return lazy(async () => {
    for (const pause of PAUSES) {
      try {
        return await load();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    return load();
  });
}
