import { InstarError, OPERATIONS, type Operation, type OutputOf, type UpdateView } from "@instar/protocol";
import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import { systemClock } from "../../platform/clock.ts";
import { callDaemon } from "./connect.ts";

const POLL_MS = 250;
/** A daemon that was killed is back within seconds; until then the last answer stands. */
const MOST_SILENCE_MS = 60_000;

export interface Following {
  readonly say: ((line: string) => void) | undefined;
  /** Whether what its jobs write is said too, as they write it. */
  readonly showsOutput: boolean;
}

/** Follows an update until it ends or needs a person, saying each step once. Survives a daemon that dies on the way. */
export async function followUpdate(folder: string, first: UpdateView, { say, showsOutput }: Following): Promise<UpdateView> {
  const said = new Set<string>();
  let view = first;
  let heardMs = systemClock.monotonicMs();
  let outputFrom = 0;
  for (;;) {
    for (const line of view.steps.flatMap((step) => renderStep(step) ?? [])) {
      if (said.has(line)) continue;
      said.add(line);
      say?.(line);
    }
    if (view.outcome !== null || view.state === "error") return view;
    await systemClock.sleep(POLL_MS);
    try {
      if (showsOutput) outputFrom = await sayOutput(folder, view.id, outputFrom, say);
      view = (await ask(folder, "update.show", { update: view.id })) as UpdateView;
      heardMs = systemClock.monotonicMs();
    } catch (error) {
      if (!InstarError.is(error, "NOT_RUNNING") || systemClock.monotonicMs() - heardMs > MOST_SILENCE_MS) throw error;
    }
  }
}

/** An update as it is now. */
export async function readUpdate(folder: string, update: string): Promise<UpdateView> {
  return (await ask(folder, "update.show", { update })) as UpdateView;
}

/** Steps that wait for people: whoever follows must be told that it is his turn. A watch says something else at each look, and is shown by `status`. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(["decide", "approve"]);

function renderStep({ id, state, title, because }: UpdateView["steps"][number]): string | undefined {
  if (state === "waiting" && FOR_PEOPLE.has(id)) return `… ${title}: ${because}`;
  if (state === "done") return `✔ ${title}${because === "" ? "" : `: ${because}`}`;
  if (state === "failed") return `✘ ${title}: ${because}`;
  return state === "running" ? `▸ ${title}` : undefined;
}

/** What candidates write is shown without its control characters: it must not steer the terminal. */
async function sayOutput(folder: string, update: string, from: number, say: Following["say"]): Promise<number> {
  let at = from;
  for (;;) {
    const { text, next, isAll } = (await ask(folder, "update.output", { update, from: at })) as OutputOf<"update.output">;
    for (const line of text.split("\n").slice(0, -1)) say?.(`    │ ${line.replaceAll(/\p{Cc}/gu, "")}`);
    at = next;
    if (isAll || text === "") return at;
  }
}

async function ask(folder: string, name: string, input: Record<string, unknown>): Promise<unknown> {
  const operation = (OPERATIONS as readonly Operation[]).find((known) => known.name === name);
  if (operation === undefined) throw new Error(`the table has no ${name}`);
  const door = await readDaemonDoor(folder);
  if (door === undefined) throw new InstarError("NOT_RUNNING", "the daemon is away");
  return callDaemon(door, operation, input);
}
