/** Who is signed in, as what, and the way out. */
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { setToken } from "../api";
import { forgetDrafts } from "../drafts";
import { t } from "../texts";
import type { Config } from "../wire";

export function Account({ config }: { readonly config: Config }): ReactNode {
  const queries = useQueryClient();
  return (
    <div className="account">
      <span
        className="small one-line"
        title={t.ui.site.signedIn(config.caller, t.ui.site.role[config.role] ?? config.role)}
      >
        {config.caller} <span className="soft">{t.ui.site.role[config.role]}</span>
      </span>
      <button
        type="button"
        className="button quiet slim"
        onClick={() => {
          void forgetDrafts(config.caller).then(() => {
            setToken(null);
            queries.clear();
            location.assign("/");
          });
        }}
      >
        {t.ui.site.signOut}
      </button>
    </div>
  );
}
