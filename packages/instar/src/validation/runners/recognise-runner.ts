import { basename } from "node:path";
import type { TestRunner } from "@instar/protocol";
import type { Command } from "../../settings/settings.ts";
import { type RunnerCall, readRunnerCall } from "./read-runner-call.ts";
import { readScriptCall } from "./read-script-call.ts";
import type { RunnerFacts } from "./runner-facts.ts";
import { type ShellCall, type ShellWord, splitShell } from "./split-shell.ts";

export interface KnownRunner {
  readonly kind: "known";
  readonly runner: TestRunner;
  /** False where only a report will tell: `node test.js` may be anything. */
  readonly isCertain: boolean;
  /** All of its arguments that are known, those of scripts and callers too. */
  readonly args: readonly string[];
  /** Variables that the command sets itself: what Instar puts in them does not arrive. */
  readonly sets: ReadonlySet<string>;
  /** What stands between the command and arguments that are put after it; null where none would arrive. */
  readonly before: readonly string[] | null;
  /** Its program and arguments in the command itself; null where a script stands between. For a list, positions count its entries. */
  readonly words: readonly ShellWord[] | null;
}

export type Recognised = KnownRunner | { readonly kind: "unknown"; readonly because: string };

/** Scripts call scripts; deeper than this they go in circles. */
const DEEPEST = 5;

/** Which runner of tests a command starts, through the scripts of package.json and what stands around it. More than one is none. */
export function recogniseRunner(command: Command, facts: RunnerFacts): Recognised {
  const calls = callsOf(command);
  if (calls === undefined) return { kind: "unknown", because: "its command is more than calls of programs" };
  const all = findRunners(calls, facts, 0);
  const certain = all.filter(({ isCertain }) => isCertain);
  const found = certain.length > 0 ? certain : all;
  const [first] = found;
  if (first === undefined) return { kind: "unknown", because: `${JSON.stringify(nameProgram(calls))} is no runner that is known` };
  if (found.length === 1) return first;
  // Each process of node:test writes a report of its own, so that several are as good as one.
  if (found.every(({ runner }) => runner === "node"))
    return { ...first, args: found.flatMap(({ args }) => args), sets: new Set(found.flatMap(({ sets }) => [...sets])), before: null, words: null };
  return { kind: "unknown", because: `it starts ${found.length} runners (${found.map(({ runner }) => runner).join(", ")})` };
}

function callsOf(command: Command): readonly ShellCall[] | undefined {
  if (typeof command === "string") return splitShell(command);
  return [{ words: command.map((text, at) => ({ text, start: at, end: at + 1 })), next: "end" }];
}

function nameProgram(calls: readonly ShellCall[]): string {
  const words = calls.at(-1)?.words.map(({ text }) => text) ?? [];
  return words.slice(0, 3).join(" ").slice(0, 80);
}

function findRunners(calls: readonly ShellCall[], facts: RunnerFacts, depth: number): KnownRunner[] {
  const takesArguments = calls.every(({ next }, at) => (at === calls.length - 1 ? next === "end" : next === "&&" || next === ";"));
  return calls.flatMap((call, at) => findInCall(call, facts, depth, takesArguments && at === calls.length - 1));
}

function findInCall(call: ShellCall, facts: RunnerFacts, depth: number, takesArguments: boolean): KnownRunner[] {
  const { sets, words } = stripVariables(call.words);
  const shell = readShellCall(words);
  if (shell !== undefined) return depth >= DEEPEST ? [] : findBehind(splitShell(shell), { facts, depth, before: null, extra: [], sets });
  const script = readScriptCall(
    words.map(({ text }) => text),
    facts.scripts,
  );
  if (script !== undefined && depth < DEEPEST)
    return findBehind(splitShell(script.line), { facts, depth, before: takesArguments ? script.before : null, extra: script.args, sets });
  const known = readRunnerCall(words, facts);
  return known === undefined ? [] : [describe(known, sets, takesArguments)];
}

function describe(known: RunnerCall, sets: ReadonlySet<string>, takesArguments: boolean): KnownRunner {
  const args = known.words.slice(known.programWords).map(({ text }) => text);
  const assigned = [...sets, ...known.sets];
  return {
    kind: "known",
    runner: known.runner,
    isCertain: known.isCertain,
    args,
    sets: new Set(assigned),
    before: takesArguments ? [] : null,
    words: known.words,
  };
}

interface Way {
  readonly facts: RunnerFacts;
  readonly depth: number;
  readonly before: readonly string[] | null;
  readonly extra: readonly string[];
  readonly sets: ReadonlySet<string>;
}

function findBehind(calls: readonly ShellCall[] | undefined, { facts, depth, before, extra, sets }: Way): KnownRunner[] {
  return findRunners(calls ?? [], facts, depth + 1).map((inner) => ({
    ...inner,
    args: [...inner.args, ...extra],
    sets: new Set([...sets, ...inner.sets]),
    before: before === null || inner.before === null ? null : [...before, ...inner.before],
    words: null,
  }));
}

/** `NAME=value` before a program. */
function stripVariables(words: readonly ShellWord[]): { sets: ReadonlySet<string>; words: readonly ShellWord[] } {
  const first = words.findIndex(({ text }) => !/^[A-Za-z_]\w*=/.test(text));
  const assigned = words.slice(0, first === -1 ? words.length : first);
  return { sets: new Set(assigned.map(({ text }) => text.slice(0, text.indexOf("=")))), words: words.slice(assigned.length) };
}

/** The line that a shell is told to run. */
function readShellCall(words: readonly ShellWord[]): string | undefined {
  const [program, flag, line] = words.map(({ text }) => text);
  const isShell = program !== undefined && ["sh", "bash", "dash", "zsh"].includes(basename(program));
  return isShell && flag !== undefined && /^-[a-z]*c$/.test(flag) ? line : undefined;
}
