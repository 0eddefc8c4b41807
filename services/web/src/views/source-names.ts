import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../api";
import { useIds } from "../store";
import { sourceName } from "./source-name";

/** The names of the batch's sources, by id. */
export function useSourceNames(): ReadonlyMap<string, string> {
  const { batch_id } = useIds();
  const { data } = useQuery({
    queryKey: ["sources", batch_id],
    queryFn: () => api.sources(batch_id),
    staleTime: 30_000,
  });
  return useMemo(() => new Map((data ?? []).map((source) => [source.source_id, sourceName(source)])), [data]);
}
