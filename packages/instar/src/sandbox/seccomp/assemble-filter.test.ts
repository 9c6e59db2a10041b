import { describe, expect, test } from "vitest";
import { assembleFilter, encodeFilter, type FilterProcessor, type Instruction } from "./assemble-filter.ts";
import { ERRNO, planDeniedCalls } from "./plan-denied-calls.ts";
import { SYSTEM_CALLS } from "./system-calls.ts";

const ARCHITECTURE = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
const rules = planDeniedCalls();

/** What a kernel would answer: classic BPF, the five instructions that the filter is made of. */
function ask(program: readonly Instruction[], call: { architecture: number; number: number; arguments?: readonly number[] }): string {
  let value = 0;
  for (let at = 0; ; at += 1) {
    const step = program[at];
    if (step === undefined) throw new Error("ran past the end");
    if (step.code === 0x06) return nameOf(step.value >>> 0);
    if (step.code === 0x20)
      value = (step.value === 0 ? call.number : step.value === 4 ? call.architecture : (call.arguments?.[(step.value - 16) / 8] ?? 0)) >>> 0;
    else {
      const operand = step.value >>> 0;
      const isTrue = step.code === 0x15 ? value === operand : step.code === 0x35 ? value >= operand : (value & operand) !== 0;
      at += isTrue ? step.ifTrue : step.ifFalse;
    }
  }
}

function nameOf(answer: number): string {
  if (answer === 0x7fff_0000) return "allow";
  if (answer === 0x8000_0000) return "kill";
  return Object.entries(ERRNO).find(([, number]) => (answer & 0xffff) === number)?.[0] ?? "unknown";
}

describe.each(["x64", "arm64"] as const)("the filter for %s", (processor: FilterProcessor) => {
  const program = assembleFilter(processor, rules);
  const call = (name: keyof typeof SYSTEM_CALLS, ...words: number[]) =>
    ask(program, { architecture: ARCHITECTURE[processor], number: SYSTEM_CALLS[name][processor] ?? -1, arguments: words });

  test("refuses every call of its list that the processor has, and says so as libc expects", () => {
    for (const rule of rules) if (rule.kind === "refuse" && SYSTEM_CALLS[rule.call][processor] !== undefined) expect(call(rule.call)).toBe(rule.error);
    expect(call("clone3")).toBe("ENOSYS");
  });

  test("an agent may open its locks by openat2, which a job may not, and may do nothing else that a job may not", () => {
    const agent = assembleFilter(processor, planDeniedCalls("agent"));
    const asked = (filter: readonly Instruction[], number: number) => ask(filter, { architecture: ARCHITECTURE[processor], number });
    const differing = Object.entries(SYSTEM_CALLS).filter(([, numbers]) => {
      const number = numbers[processor];
      return number !== undefined && asked(agent, number) !== asked(program, number);
    });
    expect(differing.map(([name]) => name)).toEqual(["openat2"]);
    expect(call("openat2")).toBe("ENOSYS");
  });

  test("allows what is not in its list", () => {
    const listed = new Set(Object.values(SYSTEM_CALLS).map((numbers) => numbers[processor]));
    for (let number = 0; number < 500; number += 1)
      if (!listed.has(number as never)) expect(ask(program, { architecture: ARCHITECTURE[processor], number })).toBe("allow");
  });

  test.each([
    ["a thread", ["clone", 0x3d_0f00], "allow"],
    ["a child process", ["clone", 0x0120_0011], "allow"],
    ["a user namespace", ["clone", 0x1000_0011], "EPERM"],
    ["a mount namespace", ["clone", 0x0002_0000], "EPERM"],
    ["a network namespace", ["clone", 0x4000_0000], "EPERM"],
    ["asking for the personality", ["personality", 0xffff_ffff], "allow"],
    ["plain Linux", ["personality", 0], "allow"],
    ["memory without a random layout", ["personality", 0x0004_0000], "EPERM"],
    ["a UNIX socket", ["socket", 1], "allow"],
    ["an IPv6 socket", ["socket", 10], "allow"],
    ["netlink", ["socket", 16], "allow"],
    ["a socket to the hypervisor", ["socket", 40], "EAFNOSUPPORT"],
    ["the kernel's own cryptography", ["socket", 38], "EAFNOSUPPORT"],
    ["asking a terminal for its size", ["ioctl", 1, 0x5413], "allow"],
    ["typing into a terminal", ["ioctl", 1, 0x5412], "EPERM"],
    ["a mode like any other", ["fchmod", 3, 0o755], "allow"],
    ["a setuid program", ["fchmod", 3, 0o4755], "EPERM"],
    ["the same by its name", ["fchmodat", 3, 0, 0o4755], "EPERM"],
    ["the same by creating it", ["openat", 3, 0, 0o101, 0o4755], "EPERM"],
    ["opening with rubbish where a mode would be", ["openat", 3, 0, 0o1, 0o4755], "allow"],
    ["creating with a usual mode", ["openat", 3, 0, 0o101, 0o644], "allow"],
    ["pasting from a terminal", ["ioctl", 1, 0x541c], "EPERM"],
  ] as const)("%s: %j → %s", (_name, [name, ...words], answer) => {
    expect(call(name, ...words)).toBe(answer);
  });

  test("kills a program of another architecture", () => {
    expect(ask(program, { architecture: 0x4000_0003, number: 1 })).toBe("kill");
  });
});

test("kills calls of the x32 kind", () => {
  expect(ask(assembleFilter("x64", rules), { architecture: ARCHITECTURE.x64, number: 0x4000_0000 + 1 })).toBe("kill");
});

test("an instruction is eight bytes, little-endian, and no jump is longer than a byte can say", () => {
  const program = assembleFilter("x64", rules);
  expect(encodeFilter(program).length).toBe(8 * program.length);
  expect([...encodeFilter([{ code: 0x15, ifTrue: 1, ifFalse: 2, value: 0xc000_003e }])]).toEqual([0x15, 0, 1, 2, 0x3e, 0, 0, 0xc0]);
  expect(program.every(({ ifTrue, ifFalse }) => ifTrue < 256 && ifFalse < 256)).toBe(true);
  expect(program.length).toBeLessThan(4_096);
});
