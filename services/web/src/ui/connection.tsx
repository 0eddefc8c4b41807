/** Says that the page is offline, and since when what it shows may be old. */
import type { ReactNode } from "react";
import { useConnection } from "../store";
import { t } from "../texts";
import { clock } from "../words";

export function ConnectionLine(): ReactNode {
  const { connection, retry } = useConnection();
  if (connection.kind !== "offline") return null;
  return (
    <p className="connection" role="alert">
      <span className="one-line">{t.ui.connection.offline(clock(new Date(connection.since).toISOString()))}</span>
      <button type="button" className="link-button" onClick={retry}>
        {t.ui.connection.tryNow}
      </button>
    </p>
  );
}
