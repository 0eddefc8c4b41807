/** What the page asks the server for and keeps: the server's own choices, a phase's result, a step's findings, the sources' names. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Artifacts, api } from "./api";
import type { Names } from "./causes";
import { useIds, useNode, useSession } from "./store";
import type { Config, Role, StepFindings } from "./wire";
import { sourceName } from "./words";

const RANK: Record<Role, number> = { viewer: 0, researcher: 1, operator: 2 };

export function useConfig(): Config | undefined {
  return useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY }).data;
}

/** Whose drafts are kept here: the caller's. */
export function useOwner(): string {
  return useConfig()?.caller ?? "";
}

/** Return whether the caller has a role. What a caller may not do is not offered; the server decides again. */
export function useMay(role: Role): boolean {
  const config = useConfig();
  return config !== undefined && RANK[config.role] >= RANK[role];
}

/** Return whether the goals, or the plan, can be edited now: by this caller, with the feature on, while nothing locks them, the batch lives and nothing runs. */
export function useCanEdit(phase: "phase1" | "phase2"): boolean {
  const may = useMay("researcher");
  const on = useConfig()?.features.plan_edit ?? false;
  const free = useSession(({ state }) => !state.ended && !state.run && state.queue.length === 0);
  const locked = useNode(phase)?.locked_at != null;
  return may && free && on && !locked;
}

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

/** What causes are named by: the sources, those too that a report still knows of, and the parts. */
export function useCauseNames(): Names {
  const { batch_id } = useIds();
  const nodes = useSession((session) => session.state.nodes);
  const changed = useNode("phase0")
    ?.causes.map(({ node, at }) => `${node} ${at}`)
    .join(); // it reads every source
  const { data } = useQuery({
    queryKey: ["sources", batch_id, "named", changed],
    queryFn: () => api.sources(batch_id),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  const prepared = useArtifact("phase0").data?.sources;
  return useMemo(() => {
    const sources = new Map<string, { name: string; replaced: boolean }>();
    for (const one of prepared ?? [])
      sources.set(one.source_id, { name: one.title || one.url || one.source_id, replaced: false });
    for (const one of data ?? [])
      sources.set(one.source_id, { name: sourceName(one), replaced: one.revision !== one.stored?.revision });
    return { sources, nodes };
  }, [data, prepared, nodes]);
}

/** What the batch's sources are called, by id; null until that is known. */
export function useSourceNames(): ReadonlyMap<string, string> | null {
  const { batch_id } = useIds();
  const { data, isPending } = useQuery({
    queryKey: ["sources", batch_id],
    queryFn: () => api.sources(batch_id),
    staleTime: 30_000,
  });
  return useMemo(
    () => (isPending ? null : new Map((data ?? []).map((source) => [source.source_id, sourceName(source)]))),
    [data, isPending],
  );
}
