import { InstarCallError } from "./call-error.ts";
import { pause } from "./surroundings.ts";
import type { Deployment, Ended } from "./views.ts";

export interface OutcomeOptions {
  /** Ends the waiting: it rejects with `aborted`. The update goes on. */
  readonly signal?: AbortSignal;
  /** Between two looks. */
  readonly everyMs?: number;
}

export interface OutcomeRooms {
  readonly readUpdate: (update: string, signal: AbortSignal | undefined) => Promise<Omit<Ended, "comment"> | null>;
  readonly readDeployments: (signal: AbortSignal | undefined) => Promise<readonly Deployment[]>;
}

const EVERY_MS = 2_000;
/** Of answers that are none, while another program has the port of a daemon that is away. More of them are no restart. */
const MOST_STRANGE = 20;

/** Looks until an update has ended. A daemon that is away is waited for without an end: the update goes on when it is back. */
export async function followOutcome(rooms: OutcomeRooms, update: string, { signal, everyMs = EVERY_MS }: OutcomeOptions): Promise<Ended> {
  let strange = 0;
  for (;;) {
    const ended = await rooms.readUpdate(update, signal).catch((error: unknown) => {
      strange = isStrange(error) ? strange + 1 : 0;
      if (!isPassing(error) && (!isStrange(error) || strange >= MOST_STRANGE)) throw error;
      return null;
    });
    if (ended !== null) return { ...ended, comment: await readComment(rooms, ended.update, signal) };
    await pause(everyMs, { signal });
    if (signal?.aborted === true) throw new InstarCallError("aborted", `waiting for update ${update} was ended by its caller`);
  }
}

const isPassing = (error: unknown) => InstarCallError.is(error) && error.transient;
const isStrange = (error: unknown) => InstarCallError.is(error, "answer-invalid") || InstarCallError.is(error, "UNAUTHORIZED");

/** Of an update that the agent did not make there is none to be found. How it ended is known already, so nothing here may hide that. */
async function readComment({ readDeployments }: OutcomeRooms, update: string, signal: AbortSignal | undefined): Promise<string | null> {
  const deployments = await readDeployments(signal).catch(() => []);
  return deployments.find((each) => each.update === update)?.comment ?? null;
}
