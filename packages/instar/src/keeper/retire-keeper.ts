import type { Clock } from "../platform/clock.ts";
import type { Front } from "./front/front.ts";
import { emptyCounts, type FrontCounts } from "./front/front-counts.ts";
import { subtractCounts } from "./front/merge-counts.ts";
import type { RetireOptions } from "./front/tunnels.ts";
import { SLOTS } from "./keeper-state.ts";
import type { Successor } from "./successor.ts";

export interface Retirement {
  readonly successor: Successor;
  /** What the successor has been told of already. */
  readonly counted: FrontCounts | null;
  readonly front: Front | null;
  readonly clock: Clock;
  /** How long requests, streams and WebSockets that are under way may take. */
  readonly drainMs: number;
  readonly sockets: RetireOptions;
  /** Settles when the successor can be reached, or never will. */
  readonly reached: Promise<unknown>;
  /** Aborted when this process was told to end: then both are meant. */
  readonly until: AbortSignal;
  readonly keepAgent: () => boolean;
  /** True where nobody starts another keeper while this process lives. */
  readonly isManaged: boolean;
  /** Points the front away from agents that ended. */
  readonly look: () => Promise<void>;
}

const LOOK_EVERY_MS = 200;
const TELL_EVERY_LOOKS = 5;
/** For clients of a keeper that is to be gone soon. */
const HURRY_MS = 2_000;

/**
 * The rest of a keeper that has handed over: it takes no more connections, answers what is in flight, ends each connection with its next
 * answer, tells WebSockets to come again, and its successor what it counted since. It starts nothing and remembers nothing.
 */
export async function retireKeeper(retirement: Retirement): Promise<void> {
  const { successor, front, clock, drainMs, sockets, reached, until, keepAgent, isManaged, look } = retirement;
  const { line } = successor;
  let told = retirement.counted ?? emptyCounts();
  const countSince = () => {
    const counts = front?.counts();
    const since = counts === undefined ? null : subtractCounts(counts, told);
    told = counts ?? told;
    return since;
  };

  const over = new AbortController();
  // They do not end by themselves; who comes again meets the successor.
  for (const slot of SLOTS) void front?.retire(slot, sockets);
  const closed = (front?.close({ graceMs: drainMs }) ?? Promise.resolve()).then(() => over.abort());
  const cutWithin = (graceMs: number) => void front?.close({ graceMs });
  line.on("hurry", () => cutWithin(HURRY_MS));
  whenAborted(until, () => {
    void line.say({ say: "end", keepAgent: keepAgent() });
    cutWithin(HURRY_MS);
  });
  // Nobody listens any longer and nobody else is started while we are here: better a few requests that are cut than all to come.
  if (isManaged) void successor.ended.then(() => cutWithin(0));

  for (let looks = 0; !over.signal.aborted; looks += 1) {
    await look();
    if (looks % TELL_EVERY_LOOKS === 0) void line.say({ say: "counted", counts: countSince(), connections: front?.status().connections ?? 0 });
    await clock.sleep(LOOK_EVERY_MS, over.signal).catch(() => undefined);
  }
  await closed;
  await reached.catch(() => undefined);
  await Promise.race([line.say({ say: "done", counts: countSince() }), successor.ended]);
  if (until.aborted) await successor.ended;
  successor.leave();
}

function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}
