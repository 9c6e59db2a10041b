import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock as clock } from "../../platform/clock.ts";
import { createJobRunner } from "../../platform/run-job.ts";
import { createBubblewrap } from "../bubblewrap.ts";
import { createLimits } from "../hold-limits.ts";
import { createNoSandbox } from "../no-sandbox.ts";
import { runEntered } from "../run-entered.ts";
import type { SandboxAdapter } from "../sandbox.ts";
import { compileFilter } from "./compile-filter.ts";
import { planDeniedCalls } from "./plan-denied-calls.ts";
import { SYSTEM_CALLS, type SystemCall } from "./system-calls.ts";

const PYTHON = "/usr/bin/python3";
const instanceId = `test-${randomUUID()}`;
const runJob = createJobRunner({ clock, instanceId });
const limits = createLimits({ clock, instanceId });
const processor = process.arch === "arm64" ? "arm64" : "x64";

let folder: string;
let bubblewrap: SandboxAdapter;
let none: SandboxAdapter;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-seccomp-"));
  await mkdir(join(folder, "scratch"));
  const options = { limits, runJob, folder: join(folder, "own") };
  bubblewrap = createBubblewrap({ ...options, hidden: [] });
  none = createNoSandbox(options);
});
afterEach(async () => rm(folder, { recursive: true }));

/** Each call, with words that do no harm where it is allowed; what it answered, by name. A process of its own for each, since some change the one that asks. */
const SCRIPT = `
import ctypes, errno, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
answers = {}
for name, words in json.load(open(sys.argv[1])).items():
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.set_errno(0)
        answer = libc.syscall(*[ctypes.c_long(word) for word in words])
        code = ctypes.get_errno()
        os.write(writing, ("done" if answer != -1 else errno.errorcode.get(code, str(code))).encode())
        os._exit(0)
    os.close(writing)
    answers[name] = os.read(reading, 100).decode()
    os.close(reading)
    os.waitpid(pid, 0)
print(json.dumps(answers))
`;

async function ask(adapter: SandboxAdapter, calls: Readonly<Record<string, readonly number[]>>): Promise<Record<string, string>> {
  const scratch = join(folder, "scratch");
  await writeFile(join(scratch, "calls.json"), JSON.stringify(calls));
  await writeFile(join(scratch, "script.py"), SCRIPT);
  const result = await runEntered(
    adapter,
    {
      argv: [PYTHON, join(scratch, "script.py"), join(scratch, "calls.json")],
      cwd: scratch,
      environment: { PATH: "/usr/bin:/bin" },
      timeoutMs: 30_000,
      logPath: join(folder, "log"),
      title: "calls",
      confinement: {
        use: "test",
        readable: [],
        writable: [],
        scratch,
        network: { kind: "private" },
        limits: { memoryBytes: 268_435_456, processes: 64, descriptors: 256, diskBytes: 8_388_608 },
      },
    },
    runJob,
  );
  expect(result).toMatchObject({ kind: "exited", status: 0 });
  return JSON.parse(result.tail.split("\n").at(-1) ?? "");
}

const numberOf = (call: SystemCall) => SYSTEM_CALLS[call][processor];
const hasPython = canRun(PYTHON);
const isUsable = compileFilter() !== undefined && hasPython && canRun("/usr/bin/bwrap", "--unshare-user", "--ro-bind", "/", "/", "true");

function canRun(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args.length === 0 ? ["--version"] : args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!isUsable)("with the filter of this machine in bubblewrap", () => {
  test("every call of the list is refused, with the error that the list names", async () => {
    // Words that cannot succeed where the filter is missing: no such descriptor, no such address.
    const rules = planDeniedCalls().flatMap((rule) => (rule.kind === "refuse" && numberOf(rule.call) !== undefined ? [rule] : []));
    const calls = Object.fromEntries(rules.map(({ call }) => [call, [numberOf(call) ?? -1, -1, -1, -1, -1, -1]]));
    const wanted = Object.fromEntries(rules.map(({ call, error }) => [call, error]));
    expect(Object.keys(wanted).length).toBeGreaterThan(45);
    expect(await ask(bubblewrap, calls)).toEqual(wanted);
  });

  const PROBES = {
    "a user namespace by clone": [numberOf("clone") ?? -1, 0x1000_0011, 0, 0, 0, 0],
    "a private file table by unshare": [numberOf("unshare") ?? -1, 0x400],
    "memory without a random layout": [numberOf("personality") ?? -1, 0x0004_0000],
    "asking for the personality": [numberOf("personality") ?? -1, 0xffff_ffff],
    "a socket to the kernel's cryptography": [numberOf("socket") ?? -1, 38, 5, 0],
    "a UNIX socket": [numberOf("socket") ?? -1, 1, 1, 0],
    "an IPv4 socket": [numberOf("socket") ?? -1, 2, 1, 0],
    netlink: [numberOf("socket") ?? -1, 16, 3, 0],
    "typing into a terminal": [numberOf("ioctl") ?? -1, 0, 0x5412, 0],
    "asking a terminal for its size": [numberOf("ioctl") ?? -1, 0, 0x5413, 0],
    "being traced": [numberOf("ptrace") ?? -1, 0, 0, 0, 0],
    "a ring of io_uring": [numberOf("io_uring_setup") ?? -1, 0, 0],
  };

  test("what is refused only with certain words is allowed with others", async () => {
    expect(await ask(bubblewrap, PROBES)).toEqual({
      "a user namespace by clone": "EPERM",
      "a private file table by unshare": "EPERM",
      "memory without a random layout": "EPERM",
      "asking for the personality": "done",
      "a socket to the kernel's cryptography": "EAFNOSUPPORT",
      "a UNIX socket": "done",
      "an IPv4 socket": "done",
      netlink: "done",
      "typing into a terminal": "EPERM",
      "asking a terminal for its size": "ENOTTY",
      "being traced": "EPERM",
      "a ring of io_uring": "ENOSYS",
    });
  });

  test("outside, the same calls are not refused: it is the filter that does it", async () => {
    expect(await ask(none, PROBES)).toMatchObject({
      "a private file table by unshare": "done",
      "memory without a random layout": "done",
      "typing into a terminal": "ENOTTY",
      "being traced": "done",
    });
  });
});
