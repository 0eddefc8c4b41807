import { useQuery } from "@tanstack/react-query";
import { api } from "../api";
import { useSession } from "../store";

/** Whether goals and plan may be edited now: the feature is on, the batch lives, and nothing runs. */
export function useCanEdit(): boolean {
  const config = useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY });
  const free = useSession(({ state }) => !state.ended && !state.run && state.queue.length === 0);
  return free && (config.data?.features.plan_edit ?? false);
}
