import type { ConfinedBy, SandboxUse } from "@instar/protocol";
import type { RunJob } from "../platform/run-job.ts";
import type { Confinement, JobNetwork } from "../sandbox/sandbox.ts";
import type { Gives } from "./journal-entry.ts";
import type { StepRooms } from "./step-rooms.ts";

export interface JobPlace {
  readonly use: SandboxUse;
  /** Absolute; the runner adds what sandbox.readable names. */
  readonly readable?: readonly string[];
  /** Of each job, by the folder that it begins in, where they differ. */
  readonly writable?: readonly string[] | ((cwd: string) => readonly string[]);
  /** The jobs' own folder; their home lies in it. */
  readonly scratch: string;
  /** Default: nothing but a loopback of their own. */
  readonly network?: JobNetwork;
}

export interface ConfinedJobs {
  readonly runJob: RunJob;
  /** What the step gives of it: in which sandbox its jobs ran, and what of their least was not enforced. Empty where none ran. */
  readonly gives: () => Gives;
}

/** Jobs of one step, each in the sandbox that instar.yaml names; what they may reach is the same for all of them. */
export function confineJobs(rooms: Pick<StepRooms, "runConfined" | "settings">, place: JobPlace): ConfinedJobs {
  let confinedBy: ConfinedBy | undefined;
  return {
    runJob: async (job) => {
      const result = await rooms.runConfined({ ...job, confinement: planConfinement(rooms, place, job.cwd) });
      confinedBy = result.confinedBy;
      return result;
    },
    gives: () => (confinedBy === undefined ? {} : { confinement: { sandbox: confinedBy.sandbox, missing: [...confinedBy.missing] } }),
  };
}

export function planConfinement({ settings }: Pick<StepRooms, "settings">, place: JobPlace, cwd: string): Confinement {
  const { memory, processes, descriptors, disk, cpus } = settings.sandbox.limits;
  return {
    use: place.use,
    readable: place.readable ?? [],
    writable: typeof place.writable === "function" ? place.writable(cwd) : (place.writable ?? []),
    scratch: place.scratch,
    network: place.network ?? { kind: "private" },
    limits: { memoryBytes: memory, processes, descriptors, diskBytes: disk, cpus },
  };
}
