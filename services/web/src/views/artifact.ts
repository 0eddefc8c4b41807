import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Artifacts, api } from "../api";
import { useIds, useNode } from "../store";

/** A phase's result, read again when there is another; the one before is shown meanwhile. */
export function useArtifact<K extends keyof Artifacts>(phase: K): UseQueryResult<Artifacts[K]> {
  const { session_id } = useIds();
  const sha256 = useNode(phase)?.artifact?.sha256;
  return useQuery<Artifacts[K]>({
    queryKey: ["artifact", session_id, phase, sha256],
    queryFn: () => api.artifact(session_id, phase),
    enabled: sha256 !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
}
