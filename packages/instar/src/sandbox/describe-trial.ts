import type { Enforcement, SandboxAspect } from "@instar/protocol";
import type { JobContainment } from "../platform/job-containment.ts";
import type { FoundCgroups } from "./cgroup.ts";
import type { SandboxTrial } from "./try-sandbox.ts";

export interface TrialView {
  readonly trial: SandboxTrial;
  readonly cgroups: FoundCgroups;
  readonly containment: Pick<JobContainment, "treeEnds" | "because">;
  /** What keeps files and the network, in a word or two: namespaces. */
  readonly walls: string;
  /** True where a job cannot leave its tree, nor the cgroup that it was put into. */
  readonly holdsTree: boolean;
  /** How to get walls where there are none. */
  readonly wallsAdvice: string;
  /** How to get a filter of system calls. */
  readonly callsAdvice: string;
}

type Said = Omit<Enforcement, "aspect">;

/** A trial, aspect by aspect: what was tried and seen here, and how to get more. */
export function describeTrial(view: TrialView): Enforcement[] {
  const said: Record<SandboxAspect, Said> = {
    files: describeFiles(view),
    network: describeNetwork(view),
    "system-calls": describeCalls(view),
    memory: describeMemory(view),
    cpu: describeCpu(view),
    processes: describeProcesses(view),
    time: describeTime(view),
    descriptors: describeDescriptors(view),
    disk: describeDisk(view),
  };
  return Object.entries(said).map(([aspect, rest]) => ({ aspect: aspect as SandboxAspect, ...rest }));
}

function describeFiles({ trial, walls, wallsAdvice }: TrialView): Said {
  const read = trial.answers.secrets.filter((outcome) => outcome === "done").length;
  if (read === 0 && !trial.wroteOutside)
    return {
      enforced: "yes",
      by: walls,
      because: `two secrets outside could not be read (${trial.answers.secrets.join(", ")}) nor a file be written`,
      advice: "",
    };
  const seen = [...(read > 0 ? [`${read} of 2 secrets outside could be read`] : []), ...(trial.wroteOutside ? ["a file outside was written"] : [])].join(", ");
  const isPart = read < 2 && !trial.wroteOutside;
  return { enforced: isPart ? "partly" : "no", by: isPart ? walls : "", because: seen, advice: wallsAdvice };
}

function describeNetwork({ trial, walls, wallsAdvice }: TrialView): Said {
  if (trial.reachedOutside || trial.answers.connect === "done")
    return { enforced: "no", by: "", because: "a listener on this machine's loopback was reached", advice: wallsAdvice };
  const own = trial.answers.ownLoopback === "done" ? "its own loopback works" : `but its own loopback does not work (${trial.answers.ownLoopback})`;
  return {
    enforced: "yes",
    by: walls,
    because: `a listener on this machine's loopback could not be reached (${trial.answers.connect}); ${own}`,
    advice: "",
  };
}

function describeCalls({ trial: { answers }, callsAdvice }: TrialView): Said {
  if (answers.isFiltered && answers.personality !== "done")
    return { enforced: "yes", by: "seccomp", because: "a filter is on, and personality(2) was refused", advice: "" };
  if (answers.isFiltered) return { enforced: "partly", by: "seccomp", because: "a filter is on, but personality(2) was allowed", advice: callsAdvice };
  return { enforced: "no", by: "", because: "no filter is on", advice: callsAdvice };
}

const CGROUPS_ADVICE =
  "For a limit that the kernel holds: run Instar as a systemd unit (254 or later) with Delegate=memory pids cpu and DelegateSubgroup=instar, or as root where version 1 of cgroups is mounted.";

/** What counts by looking must be able to see all of the tree: chooseSandbox lets "partly" pass for memory and processes. */
const byWatchdog = ({ holdsTree, containment }: TrialView) => (holdsTree || containment.treeEnds === "namespace" ? "partly" : "no");

function describeMemory(view: TrialView): Said {
  const { trial, cgroups, holdsTree } = view;
  if (trial.memory === undefined)
    return { enforced: "no", by: "", because: "a program took 512 MiB where 160 MiB were allowed, and nothing ended it", advice: CGROUPS_ADVICE };
  if (cgroups.kind === "found")
    return { enforced: holdsTree ? "yes" : "partly", by: "cgroup", because: `a program that took more was ended: ${trial.memory}`, advice: "" };
  const because = `a program that took more was ended: ${trial.memory}; looked at ten times a second, since there is no cgroup (${cgroups.because})`;
  return { enforced: byWatchdog(view), by: "watchdog", because, advice: CGROUPS_ADVICE };
}

function describeProcesses(view: TrialView): Said {
  const { trial, cgroups, holdsTree } = view;
  if (trial.processes === undefined)
    return { enforced: "no", by: "", because: "40 processes ran where 16 were allowed, and nothing ended them", advice: CGROUPS_ADVICE };
  const because = `a program that started more was ended: ${trial.processes}`;
  if (cgroups.kind === "found") return { enforced: holdsTree ? "yes" : "partly", by: "cgroup", because, advice: "" };
  return { enforced: byWatchdog(view), by: "watchdog", because, advice: CGROUPS_ADVICE };
}

function describeCpu({ cgroups, holdsTree }: TrialView): Said {
  if (cgroups.kind === "found" && cgroups.place.folders.cpu !== undefined)
    return { enforced: holdsTree ? "yes" : "partly", by: "cgroup", because: "a cgroup with a limit of processor time could be made", advice: "" };
  const because = "a job comes after everything else (nice 10), but its share cannot be limited";
  return { enforced: "partly", by: "nice", because, advice: CGROUPS_ADVICE };
}

function describeTime({ containment, walls, holdsTree }: TrialView): Said {
  if (holdsTree || containment.treeEnds === "namespace") return { enforced: "yes", by: walls || "namespaces", because: containment.because, advice: "" };
  const advice = "Install util-linux (setpriv, unshare) or bubblewrap, and allow PID namespaces.";
  return { enforced: "partly", by: containment.treeEnds, because: containment.because, advice };
}

function describeDescriptors({ trial: { answers } }: TrialView): Said {
  if (answers.descriptors <= 64)
    return { enforced: "yes", by: "rlimit", because: `${answers.descriptors} more files could be opened where 64 were allowed in all`, advice: "" };
  return { enforced: "no", by: "", because: `${answers.descriptors} files could be opened where 64 were allowed`, advice: "" };
}

/** Partly at best: between two looks a job can write more than its folder may hold. */
function describeDisk({ trial: { answers } }: TrialView): Said {
  if (answers.largeFile === "done") return { enforced: "no", by: "", because: "a file twice as large as allowed was written", advice: "" };
  const because = `a file larger than allowed was refused (${answers.largeFile}); the whole scratch folder is looked at twice a second`;
  return {
    enforced: "partly",
    by: "rlimit, watchdog",
    because,
    advice: "Keep Instar's data folder on a file system of its own, so that a full one is not the agent's.",
  };
}
