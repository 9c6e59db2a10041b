import type { SystemCall } from "./system-calls.ts";

/** Linux errno values that a refused call gives. */
export const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;

/** What is said to a call. Arguments count from 0; only their lower 32 bits are looked at, which is all that the kernel takes of these. */
export type CallRule = { readonly call: SystemCall; readonly error: keyof typeof ERRNO } & (
  | { readonly kind: "refuse" }
  | ({ readonly kind: "refuse-if-any-bit" } & BitsOf)
  | { readonly kind: "refuse-if-bits-in-both"; readonly first: BitsOf; readonly second: BitsOf }
  | { readonly kind: "refuse-if-one-of" | "refuse-unless-one-of"; readonly argument: number; readonly values: readonly number[] }
);

export interface BitsOf {
  readonly argument: number;
  readonly bits: number;
}

/** sched.h: every namespace there is, but the one of time, whose bit is part of the signal's number here and which only `unshare` and `clone3` can make. */
const CLONE_NEW = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;
/** UNIX, INET, INET6 and NETLINK, by which libc lists addresses. Not VSOCK, ALG, PACKET, BLUETOOTH and forty more that nobody tests. */
const SOCKET_FAMILIES = [1, 2, 10, 16];
/** Typing into a terminal, and pasting from one (TIOCSTI, TIOCLINUX): ways to give commands to whoever sits there. */
const TERMINAL_TRICKS = [0x5412, 0x541c];
/** Plain Linux, asking what it is, and 32 bits: what ordinary programs ask for. Not turning off the randomised layout of memory. */
const PERSONALITIES = [0, 0xffff_ffff, 0x0008];

/**
 * S_ISUID. A job that runs as root keeps root's files outside: a program that it leaves with this bit in a folder would be root's for everybody who gets
 * there. Where a mode is given by creating, it counts only with O_CREAT or O_TMPFILE; without them it is whatever stands in a register.
 */
const SETUID = 0o4000;
const CREATING = 0o100 | 0o20_000_000;

/** With the place of the mode among the arguments; and with that of the flags, which the mode follows. */
const MODES: readonly (readonly [SystemCall, number])[] = [
  ["chmod", 1],
  ["fchmod", 1],
  ["fchmodat", 2],
  ["fchmodat2", 2],
  ["creat", 1],
  ["mknod", 1],
  ["mknodat", 2],
];
const CREATIONS: readonly (readonly [SystemCall, number])[] = [
  ["open", 1],
  ["openat", 2],
];

const REFUSED: readonly SystemCall[] = [
  // Other roots and mounts.
  ...(["mount", "umount2", "pivot_root", "chroot", "mount_setattr", "fsopen", "fsconfig", "fsmount", "fspick"] as const),
  ...(["open_tree", "open_tree_attr", "move_mount", "open_by_handle_at", "fanotify_init", "quotactl", "quotactl_fd"] as const),
  // Other namespaces.
  ...(["unshare", "setns"] as const),
  // Other processes.
  ...(["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"] as const),
  // Large and often broken parts of the kernel.
  ...(["bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key"] as const),
  // The machine itself.
  ...(["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "acct", "syslog"] as const),
  ...(["settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm", "sethostname", "setdomainname", "vhangup"] as const),
  // Long gone, or for programs of another age.
  ...([
    "lookup_dcookie",
    "nfsservctl",
    "uselib",
    "ustat",
    "sysfs",
    "_sysctl",
    "create_module",
    "get_kernel_syms",
    "query_module",
    "modify_ldt",
    "vserver",
  ] as const),
];
/** "There is no such call" makes libc and libuv go the older way, which a refusal would not. clone3 and openat2 take what matters where a filter cannot look. */
const UNKNOWN: readonly SystemCall[] = ["clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register"];

/**
 * Who runs in it. job: a program that prepares or tests a candidate. agent: the agent itself, rehearsed or in its slot. An agent may call openat2, which some open
 * their locks by and have no other way: what it could leave by it is a setuid file of its own user, in a copy that lies in Instar's private folder and is removed, or in
 * its own state, where its user could have made one anyway.
 */
export type FilteredProgram = "job" | "agent";

/**
 * What a job's programs are refused, though the kernel would allow it to their user. A list of what is refused and not of what is allowed: a job
 * runs whatever a repository brings, and a program that dies of an unknown call would be blamed for it. The walls are the namespaces; this is what
 * keeps the kernel behind them small.
 */
export function planDeniedCalls(program: FilteredProgram = "job"): CallRule[] {
  return [
    ...REFUSED.map((call): CallRule => ({ kind: "refuse", call, error: "EPERM" })),
    ...UNKNOWN.filter((call) => program === "job" || call !== "openat2").map((call): CallRule => ({ kind: "refuse", call, error: "ENOSYS" })),
    { kind: "refuse-if-any-bit", call: "clone", argument: 0, bits: CLONE_NEW, error: "EPERM" },
    ...MODES.map(([call, argument]): CallRule => ({ kind: "refuse-if-any-bit", call, argument, bits: SETUID, error: "EPERM" })),
    ...CREATIONS.map(([call, flags]): CallRule => {
      const [first, second] = [
        { argument: flags, bits: CREATING },
        { argument: flags + 1, bits: SETUID },
      ];
      return { kind: "refuse-if-bits-in-both", call, first, second, error: "EPERM" };
    }),
    { kind: "refuse-unless-one-of", call: "personality", argument: 0, values: PERSONALITIES, error: "EPERM" },
    { kind: "refuse-unless-one-of", call: "socket", argument: 0, values: SOCKET_FAMILIES, error: "EAFNOSUPPORT" },
    { kind: "refuse-if-one-of", call: "ioctl", argument: 1, values: TERMINAL_TRICKS, error: "EPERM" },
  ];
}
