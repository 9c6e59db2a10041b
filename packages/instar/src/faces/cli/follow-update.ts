import { InstarError, OPERATIONS, type Operation, type UpdateView } from "@instar/protocol";
import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import { systemClock } from "../../platform/clock.ts";
import { callDaemon } from "./connect.ts";

const POLL_MS = 250;
/** A daemon that was killed is back within seconds; until then the last answer stands. */
const MOST_SILENCE_MS = 60_000;

/** Follows an update until it ends or needs a person, saying each step once. Survives a daemon that dies on the way. */
export async function followUpdate(folder: string, first: UpdateView, say: ((line: string) => void) | undefined): Promise<UpdateView> {
  const show = (OPERATIONS as readonly Operation[]).find((operation) => operation.name === "update.show");
  if (show === undefined) throw new Error("the table has no update.show");
  const said = new Set<string>();
  let view = first;
  let heardMs = systemClock.monotonicMs();
  for (;;) {
    for (const step of view.steps) {
      const line =
        step.state === "done"
          ? `✔ ${step.title}${step.because === "" ? "" : `: ${step.because}`}`
          : step.state === "failed"
            ? `✘ ${step.title}: ${step.because}`
            : step.state === "running"
              ? `▸ ${step.title}`
              : undefined;
      if (line === undefined || said.has(line)) continue;
      said.add(line);
      say?.(line);
    }
    if (view.outcome !== null || view.state === "error") return view;
    await systemClock.sleep(POLL_MS);
    try {
      const door = await readDaemonDoor(folder);
      if (door === undefined) throw new InstarError("NOT_RUNNING", "the daemon is away");
      view = (await callDaemon(door, show, { update: view.id })) as UpdateView;
      heardMs = systemClock.monotonicMs();
    } catch (error) {
      if (!InstarError.is(error, "NOT_RUNNING") || systemClock.monotonicMs() - heardMs > MOST_SILENCE_MS) throw error;
    }
  }
}
