/**
 * The batch's socket. It opens again with back-off when it is lost and goes on where it stood, so that nothing is missed
 * and nothing shown twice; after a sleep it does so at once, for a socket that slept may be dead without knowing.
 */
import { type Place, resumeAt } from "./model";
import type { AnyFrame } from "./wire";

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "offline"; readonly since: number; readonly retryAt: number };

/** The part of `WebSocket` that is used. */
export interface Channel {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(): void;
}

export interface SocketOptions {
  readonly batchId: string;
  /** Where the page stands: what a lost socket asks to go on from. */
  readonly position: () => { readonly place: Place | null; readonly epoch: string | null };
  readonly onFrame: (frame: AnyFrame) => void;
  readonly onConnection: (connection: Connection) => void;
  /** A ticket where the server wants one, else null. */
  readonly ticket: () => Promise<string | null>;
  readonly open: (path: string) => Channel;
}

const FIRST = 500;
const LONGEST = 15_000;
const ASLEEP = 20_000;
const TICK = 5_000;

export function backOff(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 10));
  return whole / 2 + (whole / 2) * random();
}

export class BatchSocket {
  readonly #options: SocketOptions;
  #channel: Channel | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #failures = 0;
  #lostAt: number | null = null;
  #closed = false;
  #attempt = 0;
  #tickedAt = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  start(): void {
    this.#closed = false;
    this.#tickedAt = Date.now();
    this.#ticker = setInterval(() => this.#tick(), TICK);
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    this.#drop();
  }

  /** Connect now, whatever the back-off says. */
  retry(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#drop();
    void this.#connect();
  }

  /** A timer that comes far too late was asleep, and so was the socket. */
  #tick(): void {
    const now = Date.now();
    if (now - this.#tickedAt > ASLEEP) this.retry();
    this.#tickedAt = now;
  }

  #drop(): void {
    const channel = this.#channel;
    this.#channel = null;
    if (!channel) return;
    channel.onopen = channel.onmessage = channel.onclose = null;
    channel.close();
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    if (this.#lostAt === null) this.#options.onConnection({ kind: "connecting" });
    let ticket: string | null;
    try {
      ticket = await this.#options.ticket();
    } catch {
      if (attempt === this.#attempt) this.#lost();
      return;
    }
    if (this.#closed || attempt !== this.#attempt) return;
    const channel = this.#options.open(this.#path(ticket));
    this.#channel = channel;
    channel.onmessage = (event) => this.#message(event.data);
    channel.onclose = () => {
      this.#channel = null;
      this.#lost();
    };
  }

  #path(ticket: string | null): string {
    const { place, epoch } = this.#options.position();
    const query = new URLSearchParams();
    if (place) query.set("after", resumeAt(place));
    if (place && epoch) query.set("epoch", epoch);
    if (ticket) query.set("ticket", ticket);
    const text = query.toString();
    return `/ws/${encodeURIComponent(this.#options.batchId)}${text ? `?${text}` : ""}`;
  }

  #message(data: unknown): void {
    const frame = parsed(data);
    if (!frame) return;
    if (frame.type === "connected") {
      this.#failures = 0;
      this.#lostAt = null;
      this.#options.onConnection({ kind: "live" });
    }
    this.#options.onFrame(frame);
  }

  #lost(): void {
    if (this.#closed) return;
    const now = Date.now();
    const wait = backOff(this.#failures++);
    this.#lostAt ??= now;
    this.#options.onConnection({ kind: "offline", since: this.#lostAt, retryAt: now + wait });
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }
}

function parsed(data: unknown): AnyFrame | null {
  if (typeof data !== "string") return null;
  try {
    return JSON.parse(data) as AnyFrame; // the server's own types, from which `wire.ts` is made
  } catch {
    return null;
  }
}
