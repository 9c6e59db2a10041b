import type { HealthFacts } from "./health-facts.ts";
import { isUnknown } from "./health-facts.ts";
import type { Judged } from "./judged.ts";

/** Percent of the last minute in which everything stood still for want of memory, or of the disk. Above it an exchange would take minutes. */
const MEMORY_STALLS = 20;
const IO_STALLS = 60;
/** Times as many runnable programs as processors: busy, and no fault of anybody's. */
const BUSY_LOAD = 4;
/** Inodes that a release and a snapshot may take. */
const FEWEST_FILES = 20_000;
const MIB = 1_048_576;

/** Load, pressure, memory and inodes. A busy machine is `inconclusive`, one on which nothing moves fails. */
export function judgeSystemHealth({ machine }: Pick<HealthFacts, "machine">): Judged {
  if (isUnknown(machine)) return { verdict: "error", because: machine.unknown, evidence: {} };
  const { load, processors, pressure, files, availableBytes, totalBytes } = machine;
  const evidence = {
    load,
    processors,
    cpuPressurePercent: pressure.cpu,
    memoryPressurePercent: pressure.memory,
    ioPressurePercent: pressure.io,
    availableMib: Math.floor(availableBytes / MIB),
    totalMib: Math.floor(totalBytes / MIB),
    freeInodes: files?.free ?? null,
  };
  const say = (verdict: Judged["verdict"], because: string): Judged => ({ verdict, because, evidence });
  if (pressure.memory !== null && pressure.memory >= MEMORY_STALLS)
    return say("fail", `for ${pressure.memory} % of the last minute nothing could run for want of memory`);
  if (files !== null && files.free < Math.min(FEWEST_FILES, files.total / 100)) return say("fail", `the file system has only ${files.free} inodes left`);
  if (pressure.io !== null && pressure.io >= IO_STALLS) return say("inconclusive", `for ${pressure.io} % of the last minute everything waited for the disk`);
  if (load !== null && load > BUSY_LOAD * processors)
    return say("inconclusive", `${round(load)} programs want to run on ${processors} processors: what is measured now is slow`);
  return say("pass", `${load === null ? "" : `load ${round(load)} on ${processors} processors, `}${evidence.availableMib} MiB of memory available`);
}

export function judgeDiskSpace({ disk }: Pick<HealthFacts, "disk">): Judged {
  if (isUnknown(disk)) return { verdict: "error", because: disk.unknown, evidence: {} };
  return judgeRoom("disk space", "free", disk.freeBytes, disk.neededBytes);
}

export function judgeMemory({ memory }: Pick<HealthFacts, "memory">): Judged {
  if (isUnknown(memory)) return { verdict: "error", because: memory.unknown, evidence: {} };
  return judgeRoom("memory", "available", memory.availableBytes, memory.neededBytes);
}

function judgeRoom(what: string, word: string, hasBytes: number, neededBytes: number): Judged {
  const [has, needed] = [Math.floor(hasBytes / MIB), Math.ceil(neededBytes / MIB)];
  const evidence = { [`${word}Mib`]: has, neededMib: needed };
  if (hasBytes < neededBytes) return { verdict: "fail", because: `${has} MiB of ${what} are ${word}; this exchange takes ${needed} MiB`, evidence };
  return { verdict: "pass", because: `${has} MiB of ${what} are ${word}; ${needed} MiB are needed`, evidence };
}

const round = (value: number) => Math.round(value * 10) / 10;
