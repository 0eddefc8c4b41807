/** Says when the page is offline, and since when what it shows may be old. */
import type { ReactNode } from "react";
import { useConnection } from "../store";
import { clock } from "../words";

export function ConnectionNotice(): ReactNode {
  const { connection, retry } = useConnection();
  return (
    <div className="connection-place" aria-live="assertive" role="status">
      {connection.kind === "offline" && (
        <div className="connection">
          <span>Offline. This is as of {clock(new Date(connection.since).toISOString())}; it is tried again.</span>
          <button type="button" className="link-button" onClick={retry}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
