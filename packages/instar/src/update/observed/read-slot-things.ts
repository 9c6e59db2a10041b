import { ANSWER_WITHIN_MS } from "../../observation/ask-http.ts";
import { askPage } from "../../observation/gather/ask-page.ts";
import { heard, type Reading, silent } from "../../observation/gather/reading.ts";
import { parseThings } from "../../rehearsal/parse-things.ts";
import type { Settings } from "../../settings/settings.ts";
import { type AskedSlot, runInSlot } from "./run-in-slot.ts";

const RUN_WITHIN_MS = 60_000;
/** How long asking for things may take at most. */
export const THINGS_WITHIN_MS = Math.max(RUN_WITHIN_MS, ANSWER_WITHIN_MS);

/** The names of one kind of configured things that a running version has: as the rehearsal asks for them. */
export async function readSlotThings(asked: AskedSlot, things: Settings["rehearsal"]["things"][number]): Promise<Reading<readonly string[]>> {
  const text = things.path === undefined ? await runThings(asked, things) : await askPath(asked, things.path);
  if (text.kind === "silent") return text;
  const parsed = parseThings(text.value, things);
  return parsed.kind === "named" ? heard([...parsed.names].sort()) : silent(parsed.because);
}

async function askPath({ rooms, slot }: AskedSlot, path: string): Promise<Reading<string>> {
  const { port } = slot();
  if (port === null) return silent("it has no port");
  const page = await askPage({ port, path, withinMs: ANSWER_WITHIN_MS, clock: rooms.clock });
  return page.kind === "silent" ? page : heard(page.value.text);
}

function runThings(asked: AskedSlot, { run, name }: Settings["rehearsal"]["things"][number]): Promise<Reading<string>> {
  if (run === undefined) return Promise.resolve(silent("instar.yaml names neither a path nor a program for them"));
  return runInSlot(asked, run, RUN_WITHIN_MS, `things ${name}`);
}
