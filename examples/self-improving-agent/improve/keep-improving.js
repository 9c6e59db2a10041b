import { setTimeout as wait } from "node:timers/promises";
import { openInstar } from "./open-instar.js";
import { runNext } from "./run-next.js";

const EVERY_MS = 1_000;

/** Until `signal` says so: one move after the other, and nothing of it ever reaches whoever is being served. */
export async function keepImproving({ doorPath, signal, ...parts }) {
  // What ended while the agent was away is learned once even where nothing waits.
  let isFirst = true;
  let said = "";
  while (!signal.aborted) {
    let more = false;
    if (isFirst || parts.book.requests.some(({ state }) => state === "waiting")) {
      try {
        more = await improveOnce(doorPath, signal, parts);
        isFirst = false;
      } catch (error) {
        // Once, and not every second for as long as Instar is away.
        if (!signal.aborted && error.message !== said) console.log(`cannot improve now: ${error.message}`);
        said = error.message;
      }
    }
    if (!more) await wait(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function improveOnce(doorPath, signal, parts) {
  const instar = await openInstar(doorPath, signal);
  try {
    return await runNext({ ...parts, instar });
  } finally {
    await instar.close();
  }
}
