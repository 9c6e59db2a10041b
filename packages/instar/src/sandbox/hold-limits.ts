import { randomBytes } from "node:crypto";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { type Cgroup, type FoundCgroups, findCgroups, makeCgroup, sweepCgroups } from "./cgroup.ts";
import type { JobLimits } from "./sandbox.ts";
import { createWatchdog } from "./watch-limits.ts";

/** The limits of one job while it lives. */
export interface HeldLimits {
  /** cgroups that its launcher enters; empty where a watchdog does what it can instead. */
  readonly enters: readonly string[];
  /** Resolves with a limit that was exceeded, or undefined once `leave` was called. Called at most once. */
  watch(pid: number): Promise<string | undefined>;
  /** May be called twice. */
  leave(): Promise<void>;
}

export interface LimitsHere {
  readonly cgroups: FoundCgroups;
  hold(limits: JobLimits, scratch: string): Promise<HeldLimits>;
}

export interface LimitsOptions {
  readonly clock: Clock;
  /** Begins the name of every cgroup, so that a later daemon of the same instance finds what this one left. */
  readonly instanceId: string;
  /** False: as on a machine without writable cgroups. */
  readonly mayUseCgroups?: boolean;
}

/**
 * Holds jobs to their memory, processes, processors and scratch folder: by a cgroup where one can be made here, which the kernel enforces, and by
 * a watchdog where not. Every adapter shares one, so that this machine is asked once. The first job sweeps what a killed daemon left.
 *
 * @throws (hold) InstarError SANDBOX_FAILED where a cgroup can suddenly not be made
 */
export function createLimits({ clock, instanceId, mayUseCgroups = true }: LimitsOptions): () => Promise<LimitsHere> {
  let known: Promise<LimitsHere> | undefined;
  return () => {
    known ??= look();
    return known;
  };

  async function look(): Promise<LimitsHere> {
    const prefix = `instar-${instanceId}-`;
    const cgroups: FoundCgroups = mayUseCgroups
      ? await findCgroups(`${prefix}${randomBytes(6).toString("hex")}`, clock)
      : { kind: "none", because: "they are not to be used" };
    if (cgroups.kind === "found") await sweepCgroups(cgroups.place, prefix, clock);
    return { cgroups, hold: async (limits, scratch) => holdIn(cgroups, `${prefix}${randomBytes(6).toString("hex")}`, { limits, scratch, clock }) };
  }
}

interface Holding {
  readonly limits: JobLimits;
  readonly scratch: string;
  readonly clock: Clock;
}

/** A crash while it holds leaves an empty cgroup, which the next daemon of this instance sweeps. */
async function holdIn(cgroups: FoundCgroups, name: string, holding: Holding): Promise<HeldLimits> {
  const cgroup = cgroups.kind === "found" ? await enterable(cgroups, name, holding) : undefined;
  const over = new AbortController();
  const watchdog = createWatchdog({ ...holding, cgroup });
  let watching: Promise<string | undefined> | undefined;
  return {
    enters: cgroup?.enters ?? [],
    watch: (pid) => {
      watching ??= watchdog(pid, over.signal);
      return watching;
    },
    leave: async () => {
      over.abort();
      await watching?.catch(() => {}); // Its last look needs the cgroup.
      await cgroup?.remove();
    },
  };
}

async function enterable(cgroups: FoundCgroups & { kind: "found" }, name: string, { limits, clock }: Holding): Promise<Cgroup> {
  try {
    return await makeCgroup(cgroups.place, name, limits, clock);
  } catch (cause) {
    throw new InstarError("SANDBOX_FAILED", "a cgroup for the job could not be made, though one could before", {
      cause,
      facts: { folder: cgroups.place.folders.memory },
      transient: true,
    });
  }
}
