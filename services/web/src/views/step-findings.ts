import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { api } from "../api";
import { useIds, useNode } from "../store";
import type { StepFindings } from "../wire";

/** What a step found, read again when there is another result; the one before is shown meanwhile. */
export function useFindings(step: number): UseQueryResult<StepFindings> {
  const { session_id } = useIds();
  const sha256 = useNode(`phase3/${step}`)?.artifact?.sha256;
  return useQuery({
    queryKey: ["artifact", session_id, `phase3/${step}`, sha256],
    queryFn: () => api.step(session_id, step),
    enabled: sha256 !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
}
