/** The whole session at a glance: its parts as a picture, or as a list where there is no room for one; and the steps below. */
import { lazy, type ReactNode, Suspense, useSyncExternalStore } from "react";
import { useSession } from "../../store";
import { t } from "../../texts";
import { PHASES } from "../../wire";
import { StepList } from "../steps/step-list";
import { AskField } from "./ask";
import { pictureHeight } from "./graph-size";
import { LiveSources } from "./live-sources";
import { PhaseStop } from "./phase-stop";

const Graph = lazy(() => import("./graph"));

/** Above so many steps a picture shows nothing any more. */
const MOST = 150;
const WIDE = "(width >= 900px)";

export function Overview(): ReactNode {
  const planned = useSession((session) => session.steps.length);
  const preparing = useSession((session) => session.state.nodes.phase0?.status === "running");
  const wide = useWide();
  return (
    <>
      {wide && planned <= MOST ? (
        <div style={{ minHeight: pictureHeight(planned) }}>
          <Suspense fallback={null}>
            <Graph />
          </Suspense>
        </div>
      ) : (
        <ol className="path" aria-label={t.session.overview.phases}>
          {PHASES.map((phase) => (
            <PhaseStop key={phase} phase={phase} />
          ))}
        </ol>
      )}
      <AskField />
      {preparing || planned === 0 ? <LiveSources /> : <StepList />}
    </>
  );
}

function useWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(WIDE);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia(WIDE).matches,
  );
}
