/** What whoever looks at the page may do; what they may not is not offered. The server decides again. */
import { useQuery } from "@tanstack/react-query";
import { api, type Config, type Role } from "../api";

const RANK: Record<Role, number> = { viewer: 0, researcher: 1, operator: 2 };

export function useConfig(): Config | undefined {
  return useQuery({ queryKey: ["config"], queryFn: api.config, staleTime: Number.POSITIVE_INFINITY }).data;
}

export function useMay(role: Role): boolean {
  const config = useConfig();
  return config !== undefined && RANK[config.role] >= RANK[role];
}
