/** Who is signed in, as what, and the way out. */
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { setToken } from "../api";
import type { Config } from "../wire";

export function Account({ config }: { readonly config: Config }): ReactNode {
  const queries = useQueryClient();
  return (
    <div className="account">
      <span className="small one-line" title={`Signed in as ${config.caller}, ${config.role}`}>
        {config.caller} <span className="soft">{config.role}</span>
      </span>
      <button
        type="button"
        className="button quiet slim"
        onClick={() => {
          setToken(null);
          queries.clear();
          location.assign("/");
        }}
      >
        Sign out
      </button>
    </div>
  );
}
