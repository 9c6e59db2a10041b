import { SYSTEM_CALLS, type SystemCall } from "../../packages/instar/src/sandbox/seccomp/system-calls.ts";
import { type Attempt, python, saidDone, sh } from "./attempt.ts";

const numberOf = (call: SystemCall) => SYSTEM_CALLS[call][process.arch === "arm64" ? "arm64" : "x64"] ?? -1;

/** A call that succeeds where nothing refuses it; without a sandbox the kernel's own settings decide. */
function calling(name: string, call: SystemCall, words: string, stoppedBy = `seccomp: ${call}`): Attempt {
  return {
    name,
    stoppedBy,
    program: () => python(`say(call(${numberOf(call)}, ${words}))`),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  };
}

export const ATTEMPTS_ON_KERNEL: readonly Attempt[] = [
  calling("make a user namespace, to be root in it", "unshare", "0x10000000", "seccomp: unshare; and no more user namespaces"),
  calling("make a user namespace by clone", "clone", "0x10000011, 0, 0, 0, 0", "seccomp: clone with namespaces; and no more user namespaces"),
  calling("join the network namespace of its launcher", "setns", "os.open('/proc/1/ns/net', os.O_RDONLY), 0", "seccomp: setns; and no capabilities"),
  {
    name: "mount a folder of the machine over its root",
    stoppedBy: "seccomp: mount; and no capabilities",
    program: () => sh("unshare -Urm sh -c 'mount --bind /usr /mnt && echo DONE'"),
    hasEscaped: saidDone,
    dependsOnMachine: true,
  },
  calling("open a file by its handle, around all paths", "open_by_handle_at", "0, b'\\0' * 32, 0"),
  calling("be traced", "ptrace", "0, 0, 0, 0"),
  calling("turn off the random layout of memory", "personality", "0x0040000"),
  calling("keep something in the kernel's keyring", "add_key", "b'user', b'escape', b'x', 1, -2"),
  calling("take over page faults", "userfaultfd", "1"),
  calling("make a ring of io_uring, which filters do not see into", "io_uring_setup", "1, b'\\0' * 120"),
  calling("load a program into the kernel", "bpf", "0, b'\\x02\\0\\0\\0' + b'\\x04\\0\\0\\0' * 3 + b'\\0' * 60, 72"),
  calling(
    "measure the processor's events",
    "perf_event_open",
    "b'\\x01\\0\\0\\0\\x70\\0\\0\\0' + b'\\0' * 32 + b'\\x61\\0\\0\\0' + b'\\0' * 100, 0, -1, -1, 0",
  ),
  {
    name: "use the kernel's own cryptography (AF_ALG)",
    stoppedBy: "seccomp: four families of sockets",
    program: () => python("try:\n    socket.socket(38, socket.SOCK_SEQPACKET, 0)\n    print('DONE')\nexcept OSError as error: print(error)"),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  },
  {
    name: "type into its terminal (TIOCSTI)",
    stoppedBy: "seccomp: ioctl TIOCSTI",
    program: () =>
      python(
        "import fcntl, pty\nfirst, second = pty.openpty()\nos.setsid() if os.getpid() != os.getsid(0) else None\nfcntl.ioctl(second, 0x540e, 0)\nfcntl.ioctl(second, 0x5412, b'x')\nprint('DONE')",
      ),
    hasEscaped: saidDone,
    needsPython: true,
    dependsOnMachine: true,
  },
];
