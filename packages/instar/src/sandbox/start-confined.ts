import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { ConfinedResult, ConfinedService, RunConfined, StartConfined } from "./sandbox.ts";
import { openWardenDoor, type WardenDoor } from "./warden-door.ts";
import { planWarden, readWardenFiles } from "./warden-program.ts";

/**
 * Starts programs that stay, as jobs of `runConfined` with a warden in front of them. The program's arguments, folder, environment and output are
 * its own; its process group is too, so what it signals is not the warden.
 */
export function createConfinedStarter(options: { readonly runConfined: RunConfined; readonly clock: Clock }): StartConfined {
  return async (job) => {
    const door = await openWardenDoor(job.confinement.scratch, options.clock);
    const stop = new AbortController();
    const { confinement } = job;
    let pid: number | undefined;
    const ended = options
      .runConfined({
        ...job,
        ...planWarden("service", door.folder, job),
        confinement: { ...confinement, readable: [...confinement.readable, ...readWardenFiles(), door.folder] },
        signal: stop.signal,
        onStart: (found) => {
          pid = found;
          job.onStart?.(found);
        },
      })
      .then((result) => tellBeginning(result, door))
      .finally(() => door.close());
    const first = await Promise.race([door.begun.then(() => undefined), ended]);
    // Closed without a beginning: then the job has ended, or could not be run at all.
    if (pid === undefined) throw notStarted(job.argv[0], first ?? (await ended));
    return { ...createService(job, { door, ended, stop, clock: options.clock }), pid };
  };
}

interface Started {
  readonly door: WardenDoor;
  readonly ended: Promise<ConfinedResult>;
  readonly stop: AbortController;
  readonly clock: Clock;
}

function createService(job: Parameters<StartConfined>[0], { door, ended, stop, clock }: Started): Omit<ConfinedService, "pid"> {
  // Who does not look at the end must not be told of it by the process dying.
  ended.catch(() => {});
  let ending: Promise<ConfinedResult> | undefined;
  return {
    ended,
    connect: (port) => door.connect(port),
    exec: (program) => door.exec(program, Object.keys(job.environment)),
    end: ({ signal, graceMs }) => {
      ending ??= endWithin(ended, graceMs, { begin: () => door.signal(signal), finish: () => stop.abort(), clock });
      return ending;
    },
  };
}

async function endWithin(ended: Promise<ConfinedResult>, graceMs: number, { begin, finish, clock }: { begin(): void; finish(): void; clock: Clock }) {
  const over = new AbortController();
  begin();
  const grace = clock.sleep(graceMs, over.signal).then(finish, () => {});
  try {
    return await ended;
  } finally {
    over.abort();
    await grace;
  }
}

/** The job was the warden, which did start: what it could not start is told as if it had not been there. */
async function tellBeginning(result: ConfinedResult, door: WardenDoor): Promise<ConfinedResult> {
  const beginning = result.kind === "exited" && result.status === 127 ? await Promise.race([door.begun, Promise.resolve(undefined)]) : undefined;
  if (beginning?.kind !== "not-started") return result;
  const { tail, leftBehind, durationMs, confinedBy } = result;
  return { kind: "not-started", because: beginning.because, tail, leftBehind, durationMs, confinedBy };
}

function notStarted(program: string | undefined, result: ConfinedResult): InstarError {
  const because = result.kind === "not-started" ? result.because : result.kind;
  return new InstarError("SANDBOX_FAILED", `${program ?? "the program"} did not start in the sandbox: ${because}`, { facts: { tail: result.tail } });
}
