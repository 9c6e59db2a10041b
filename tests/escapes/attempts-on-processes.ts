import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { type Attempt, node, python, saidDone, sh, toldSecret } from "./attempt.ts";

const OWN_PROCESSES = "a PID namespace: only its own processes are there";
/** All that a program sees, for attempts that look for a process outside. */
const EACH = "import glob\npids = [int(path[6:]) for path in glob.glob('/proc/[0-9]*')]\n";

export const ATTEMPTS_ON_PROCESSES: readonly Attempt[] = [
  {
    name: "read the environment of other processes",
    stoppedBy: OWN_PROCESSES,
    program: () => sh("cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a ^SECRET="),
    hasEscaped: toldSecret,
    dependsOnMachine: true,
  },
  {
    name: "read the command lines of other processes",
    stoppedBy: OWN_PROCESSES,
    program: () => sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -a -- '-.*-.*-.*-'"),
    hasEscaped: toldSecret,
    dependsOnMachine: true,
  },
  {
    name: "kill a process outside by its number",
    stoppedBy: OWN_PROCESSES,
    program: async (world) => sh(`kill -KILL ${(await world.decoy()).pid}`),
    hasEscaped: (world) => hasEnded(world.lastDecoy()),
    dependsOnMachine: true,
  },
  {
    name: "open an inspector in a Node program outside (SIGUSR1)",
    stoppedBy: OWN_PROCESSES,
    program: async (world) => node("process._debugProcess(Number(process.argv[1]))", (await world.decoy()).pid),
    hasEscaped: (world) => world.decoySaid().includes("Debugger listening"),
    dependsOnMachine: true,
  },
  {
    name: "read the environment that the daemon has",
    stoppedBy: "only what is listed is handed on",
    program: () => node("console.log(Object.keys(process.env).includes('INSTAR_ESCAPE_SECRET') ? 'DONE' : 'clean')"),
    hasEscaped: saidDone,
  },
  {
    name: "read the environment of its launcher",
    stoppedBy: OWN_PROCESSES,
    program: () => sh("tr '\\0' '\\n' </proc/1/environ | grep -q INSTAR_ESCAPE_SECRET && echo DONE; true"),
    hasEscaped: saidDone,
  },
  {
    name: "steal its launcher's channel and forge its own result",
    stoppedBy: "seccomp: pidfd_getfd; and a PID namespace",
    program: () =>
      python(`
for pid in (1, os.getppid()):
    process = call(434, pid, 0)
    channel = call(438, process, 3, 0) if isinstance(process, int) else process
    if isinstance(channel, int):
        try: os.write(channel, b"ended 0\\n")
        except OSError: pass
import time
time.sleep(0.3)
sys.exit(9)
`),
    hasEscaped: (_world, result) => result.kind === "exited" && result.status === 0,
    needsPython: true,
    dependsOnMachine: true,
  },
  {
    name: "forge its result on descriptor 3",
    stoppedBy: "the launcher's channel is closed",
    program: () => sh("echo 'ended 0' >&3; exit 9"),
    hasEscaped: (_world, result) => result.kind === "exited" && result.status === 0,
  },
  {
    name: "trace the processes that it sees",
    stoppedBy: "seccomp: ptrace",
    program: () =>
      python(
        `${EACH}\nfor pid in pids:\n    if pid != os.getpid() and isinstance(call(${process.arch === "arm64" ? 117 : 101}, 0x4206, pid, 0, 0), int): print('DONE')`,
      ),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  },
  {
    name: "read the memory of a process outside by its number",
    stoppedBy: OWN_PROCESSES,
    program: async (world) => sh(`[ -e /proc/${(await world.decoy()).pid}/maps ] && echo DONE`),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "take back that it is the first to go when memory runs out",
    stoppedBy: "/proc is read-only",
    program: () => sh("echo 0 >/proc/self/oom_score_adj; echo -500 >/proc/self/oom_score_adj; [ $(cat /proc/self/oom_score_adj) -lt 1000 ] && echo DONE; true"),
    hasEscaped: saidDone,
  },
  {
    name: "go before everything else on the processor",
    stoppedBy: "no capabilities",
    program: () => node("try { require('node:os').setPriority(-5); console.log('DONE') } catch (error) { console.log(error.code) }"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "leave the cgroup that limits it",
    stoppedBy: "there is no /sys",
    program: () =>
      sh(
        'before=$(cat /proc/self/cgroup); for f in $(find /sys/fs/cgroup -maxdepth 3 -name cgroup.procs 2>/dev/null | head -40); do echo 0 >$f; done 2>/dev/null; [ "$before" = "$(cat /proc/self/cgroup)" ] || echo DONE',
      ),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "open more files than it may",
    stoppedBy: "rlimit",
    program: () => sh("ulimit -Hn 4096 && echo DONE; ulimit -n 4096 && echo DONE; true"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  {
    name: "outlive its job in a session of its own",
    stoppedBy: "the kernel ends its PID namespace",
    program: (world) => sh(`setsid sh -c 'setsid sleep 600 & : ${world.secret}; sleep 600' >/dev/null 2>&1 & sleep 0.2; exit 0`),
    hasEscaped: ({ secret }) =>
      readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .some((name) => {
          const line = readCommandLine(name);
          return line.includes(secret) && line.includes("setsid sleep");
        }),
    dependsOnMachine: true,
  },
  {
    name: "learn the machine's name",
    stoppedBy: "a UTS namespace",
    program: () => node("console.log(require('node:os').hostname())"),
    hasEscaped: (_world, { tail }) => tail.trim() === hostname(),
  },
];

function hasEnded(decoy: ChildProcess | undefined): boolean {
  return decoy?.exitCode !== null || decoy?.signalCode !== null;
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
