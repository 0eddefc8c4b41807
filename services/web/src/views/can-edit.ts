import { useSession } from "../store";
import { useConfig, useMay } from "./rights";

/** Whether goals and plan may be edited now: by this caller, with the feature on, while the batch lives and nothing runs. */
export function useCanEdit(): boolean {
  const may = useMay("researcher");
  const on = useConfig()?.features.plan_edit ?? false;
  const free = useSession(({ state }) => !state.ended && !state.run && state.queue.length === 0);
  return may && free && on;
}
