import { type CodeCheckView, InstarError, OPERATIONS, type Operation } from "@instar/protocol";
import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import { systemClock } from "../../platform/clock.ts";
import { callDaemon } from "./connect.ts";

const POLL_MS = 250;

/**
 * Follows a check of an agent's code to its end, saying each step once.
 *
 * @throws InstarError NOT_RUNNING, NOT_FOUND where the daemon was started anew meanwhile: nothing came of the check, and it is asked for again
 */
export async function followCheck(folder: string, first: CodeCheckView, say: ((line: string) => void) | undefined): Promise<CodeCheckView> {
  const said = new Set<string>();
  let view = first;
  for (;;) {
    for (const line of view.steps.flatMap(renderStep)) {
      if (said.has(line)) continue;
      said.add(line);
      say?.(line);
    }
    if (view.state !== "running") return view;
    await systemClock.sleep(POLL_MS);
    view = await ask(folder, view.id);
  }
}

function renderStep({ state, title, because }: CodeCheckView["steps"][number]): string[] {
  if (state === "running") return [`▸ ${title}`];
  if (state === "done") return [`✔ ${title}${because === "" ? "" : `: ${because}`}`];
  return state === "failed" ? [`✘ ${title}: ${because}`] : [];
}

async function ask(folder: string, check: string): Promise<CodeCheckView> {
  const operation = (OPERATIONS as readonly Operation[]).find(({ name }) => name === "code.progress");
  const door = await readDaemonDoor(folder);
  if (operation === undefined || door === undefined)
    throw new InstarError("NOT_RUNNING", "the daemon is away, and the check with it", {
      advice: "It is started again by itself within seconds: ask again then.",
    });
  return (await callDaemon(door, operation, { check })) as CodeCheckView;
}
