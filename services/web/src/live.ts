/** What happens at this moment: of use while its attempt runs, gone afterwards. */
import type {
  FailureReason,
  Phase,
  ScrapingItemProgress,
  ScrapingItemUpdate,
  ScrapingStatus,
  State,
  StreamEnd,
  StreamStart,
  StreamToken,
  WorkflowProgress,
} from "./wire";

export interface LiveSource {
  readonly id: string;
  readonly label: string;
  readonly status: string;
  readonly stage: string;
  /** The stage in the server's words. */
  readonly doing: string;
  /** 0 to 100. */
  readonly progress: number;
  readonly error: string | null;
  /** Why it has no text. */
  readonly reason: FailureReason | null;
}

export interface LiveStream {
  readonly id: string;
  readonly node: string;
  readonly phase: Phase;
  /** The end of what was written. */
  readonly text: string;
  readonly done: boolean;
}

export interface Live {
  /** How far the active run is, those parts among it that it kept; null until a frame tells. */
  readonly run: { readonly done: number; readonly total: number } | null;
  readonly sources: Readonly<Record<string, LiveSource>>;
  readonly streams: Readonly<Record<string, LiveStream>>;
}

export type LiveFrame =
  | WorkflowProgress
  | ScrapingStatus
  | ScrapingItemProgress
  | ScrapingItemUpdate
  | StreamStart
  | StreamToken
  | StreamEnd;

const TEXT = 4000;
const STREAMS = 24;
export const emptyLive: Live = { run: null, sources: {}, streams: {} };

export function advanceLive(live: Live, frame: LiveFrame, state: State): Live {
  if (isOfThePast(frame, state)) return live;
  switch (frame.type) {
    case "workflow:progress":
      // A worker's own progress names its node; the run's does not.
      if (frame.node || frame.total == null) return live;
      return { ...live, run: { done: frame.done ?? 0, total: frame.total } };
    case "scraping:status":
      return {
        ...live,
        sources: {
          ...live.sources,
          ...Object.fromEntries(
            frame.items.map((item) => [
              item.link_id,
              {
                ...known(live, item.link_id),
                label: item.title || item.url || item.link_id,
                status: item.status,
                error: item.error ?? null,
                reason: item.reason ?? null,
              },
            ]),
          ),
        },
      };
    case "scraping:item_progress":
      return withSource(live, frame.link_id, {
        label: frame.url || known(live, frame.link_id).label,
        status: "inProgress",
        stage: frame.stage,
        doing: frame.message ?? "",
        progress: frame.overall_progress,
      });
    case "scraping:item_update":
      return withSource(live, frame.link_id, {
        label: frame.url || known(live, frame.link_id).label,
        status: frame.status,
        error: frame.error ?? null,
        reason: frame.reason ?? null,
        progress: 100,
      });
    case "research:stream_start":
      return withStream(live, {
        id: frame.stream_id,
        node: frame.node ?? frame.phase,
        phase: frame.phase,
        text: "",
        done: false,
      });
    case "research:stream_token": {
      const stream = live.streams[frame.stream_id];
      const text = ((stream?.text ?? "") + frame.token).slice(-TEXT);
      return withStream(live, {
        id: frame.stream_id,
        node: frame.node ?? frame.phase,
        phase: frame.phase,
        text,
        done: false,
      });
    }
    case "research:stream_end": {
      const stream = live.streams[frame.stream_id];
      return stream ? withStream(live, { ...stream, done: true }) : live;
    }
  }
}

function isOfThePast(frame: LiveFrame, state: State): boolean {
  const node = frame.node ? state.nodes[frame.node] : undefined;
  return node !== undefined && frame.generation > 0 && frame.generation < node.generation;
}

function known(live: Live, id: string): LiveSource {
  return (
    live.sources[id] ?? {
      id,
      label: id,
      status: "pending",
      stage: "",
      doing: "",
      progress: 0,
      error: null,
      reason: null,
    }
  );
}

function withSource(live: Live, id: string, change: Partial<LiveSource>): Live {
  return { ...live, sources: { ...live.sources, [id]: { ...known(live, id), ...change } } };
}

function withStream(live: Live, stream: LiveStream): Live {
  const kept = Object.values(live.streams)
    .filter((other) => other.id !== stream.id)
    .slice(-STREAMS);
  return { ...live, streams: Object.fromEntries([...kept, stream].map((one) => [one.id, one])) };
}
