import { type CallRule, ERRNO } from "./plan-denied-calls.ts";
import { SYSTEM_CALLS } from "./system-calls.ts";

/** One instruction of classic BPF (linux/filter.h): struct sock_filter. Jumps count instructions from the next one. */
export interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

export type FilterProcessor = "x64" | "arm64";

/** linux/audit.h */
const ARCHITECTURES: Readonly<Record<FilterProcessor, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** asm/unistd.h: the bit of calls of the x32 kind, which have other numbers for the same. */
const X32 = 0x4000_0000;
/** linux/bpf_common.h */
const [LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06];
/** linux/seccomp.h */
const [KILL_PROCESS, REFUSE, ALLOW] = [0x8000_0000, 0x0005_0000, 0x7fff_0000];
/** struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits. Both processors are little-endian. */
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const argumentAt = (index: number) => 16 + 8 * index;

/**
 * A filter that allows every call but those of the rules. A program of another architecture is killed: its numbers mean other calls. Each rule is a few
 * instructions on its own; the kernel (5.11 and later) remembers for each number that is always allowed that it is, so the length costs nothing.
 */
export function assembleFilter(processor: FilterProcessor, rules: readonly CallRule[]): Instruction[] {
  return [
    load(ARCHITECTURE_AT),
    ...[jump(IF_EQUAL, ARCHITECTURES[processor], 1, 0), finish(KILL_PROCESS), load(NUMBER_AT)],
    ...(processor === "x64" ? [jump(IF_AT_LEAST, X32, 0, 1), finish(KILL_PROCESS)] : []),
    ...rules.flatMap((rule) => assembleRule(processor, rule)),
    finish(ALLOW),
  ];
}

/** Ends with the call's number loaded, as it begins. Of numbers that are looked at further, every path ends in an answer. */
function assembleRule(processor: FilterProcessor, rule: CallRule): Instruction[] {
  const number = SYSTEM_CALLS[rule.call][processor];
  if (number === undefined) return [];
  const refuse = finish(REFUSE | ERRNO[rule.error]);
  const body = rule.kind === "refuse" ? [refuse] : [...assembleTest(rule), finish(ALLOW), refuse];
  return [jump(IF_EQUAL, number, 0, body.length), ...body];
}

/** Goes on with "allow", which comes next, or jumps over it to "refuse". */
function assembleTest(rule: Exclude<CallRule, { kind: "refuse" }>): Instruction[] {
  if (rule.kind === "refuse-if-bits-in-both") {
    const { first, second } = rule;
    return [load(argumentAt(first.argument)), jump(IF_ANY_BIT, first.bits, 0, 2), load(argumentAt(second.argument)), jump(IF_ANY_BIT, second.bits, 1, 0)];
  }
  const loaded = load(argumentAt(rule.argument));
  if (rule.kind === "refuse-if-any-bit") return [loaded, jump(IF_ANY_BIT, rule.bits, 1, 0)];
  const last = rule.values.length - 1;
  if (rule.kind === "refuse-if-one-of") return [loaded, ...rule.values.map((value, at) => jump(IF_EQUAL, value, last - at + 1, 0))];
  return [loaded, ...rule.values.map((value, at) => jump(IF_EQUAL, value, last - at, at === last ? 1 : 0))];
}

/** As the kernel, and bwrap, take it. */
export function encodeFilter(instructions: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * instructions.length);
  for (const [at, { code, ifTrue, ifFalse, value }] of instructions.entries()) {
    bytes.writeUInt16LE(code, 8 * at);
    bytes.writeUInt8(ifTrue, 8 * at + 2);
    bytes.writeUInt8(ifFalse, 8 * at + 3);
    bytes.writeUInt32LE(value >>> 0, 8 * at + 4);
  }
  return bytes;
}

const load = (offset: number): Instruction => ({ code: LOAD, ifTrue: 0, ifFalse: 0, value: offset });
const jump = (code: number, value: number, ifTrue: number, ifFalse: number): Instruction => ({ code, ifTrue, ifFalse, value });
const finish = (value: number): Instruction => ({ code: RETURN, ifTrue: 0, ifFalse: 0, value });
