import { join } from "node:path";
import type { TestRunner } from "@instar/protocol";
import type { Command } from "../../settings/settings.ts";
import type { UnderstoodBy } from "../decide-run.ts";
import { planFileSelection } from "./can-select-files.ts";
import { appendToCommand, replaceInCommand } from "./edit-command.ts";
import { type AskedReport, planReport, type ReportReading } from "./plan-report.ts";
import { type KnownRunner, recogniseRunner } from "./recognise-runner.ts";
import type { RunnerFacts } from "./runner-facts.ts";
import type { ShellWord } from "./split-shell.ts";

export interface RunQuestion {
  readonly command: Command;
  /** Names of files will be put after the command, where `selectBy` says how: what it names itself is then left out. */
  readonly selects: boolean;
  readonly runner: TestRunner | "auto" | "exit-status";
  /** Inside the tree. */
  readonly report: string | undefined;
  readonly wantsCoverage: boolean;
  readonly facts: RunnerFacts;
  /** Absolute and of this run alone: the runner writes its report there. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface PlannedRun {
  readonly understoodBy: UnderstoodBy;
  readonly command: Command;
  /** All of it: what was given, and what asks for the report. */
  readonly environment: Readonly<Record<string, string>>;
  /** Written before it starts, absolute. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly reading: ReportReading | null;
  /** What stands between the command and names of test files that are put after it; null where files cannot be selected. */
  readonly selectBy: { readonly runner: TestRunner; readonly before: readonly string[] } | null;
}

/**
 * How a command is started so that its runner leaves a report of its own, in a folder that is Instar's. Where that is not possible it runs as
 * it is, and `understoodBy` says what is then known of it.
 */
export function planRun(question: RunQuestion): PlannedRun {
  const { command, environment, facts, runner, report } = question;
  const plain = { command, environment, files: [], reading: null, selectBy: null };
  if (runner === "exit-status") return { ...plain, understoodBy: { kind: "exit-status" } };
  const recognised = recogniseRunner(command, facts);
  const known = recognised.kind === "known" && (runner === "auto" || runner === recognised.runner) ? recognised : undefined;
  const selection = known === undefined ? undefined : planFileSelection(known, facts);
  const selectBy = known?.before == null || selection === undefined ? null : { runner: known.runner, before: known.before };
  const base = question.selects ? leaveOut(command, selection?.cut ?? []) : command;
  if (report !== undefined) {
    const told = runner === "auto" ? (report.endsWith(".tap") ? "tap" : "junit") : runner;
    return { ...plain, command: base, selectBy, understoodBy: { kind: "report", runner: told, isCertain: true }, reading: { kind: "in-tree", path: report } };
  }
  const wanted = known ?? (runner === "auto" ? undefined : standFor(runner));
  if (wanted === undefined)
    return { ...plain, understoodBy: { kind: "unknown", because: recognised.kind === "unknown" ? recognised.because : "its runner is not known" } };
  const asked = planReport(wanted, { ...question, command: base });
  if (asked.kind === "impossible" && runner === "auto") return { ...plain, understoodBy: { kind: "unknown", because: asked.because } };
  // Whose report is to be read was written down: that it cannot be had is then no reason to do without.
  if (asked.kind === "impossible")
    return { ...plain, understoodBy: { kind: "report", runner: wanted.runner, isCertain: true }, reading: { kind: "none", because: asked.because } };
  // What asks for the report stands behind those dashes already.
  return { ...planAsked(question, base, wanted, asked), selectBy: selectBy === null || asked.appended.length === 0 ? selectBy : { ...selectBy, before: [] } };
}

/** From the last to the first, so that positions stay what they are. */
function leaveOut(command: Command, cut: readonly ShellWord[]): Command {
  return cut.reduceRight<Command>((left, word) => replaceInCommand(left, word, []), command);
}

/** A command that is not understood, of which the operator says whose runner it starts: what comes by the environment may arrive. */
function standFor(runner: TestRunner): KnownRunner {
  return { kind: "known", runner, isCertain: true, args: [], sets: new Set(), before: null, words: null };
}

function planAsked(question: RunQuestion, base: Command, known: KnownRunner, asked: AskedReport): Omit<PlannedRun, "selectBy"> {
  const changed = asked.replaced ?? base;
  const environment = { ...question.environment, ...asked.environment };
  return {
    understoodBy: { kind: "report", runner: known.runner, isCertain: known.isCertain },
    command: asked.appended.length === 0 ? changed : appendToCommand(changed, [...(known.before ?? []), ...asked.appended]),
    environment,
    files: asked.files.map(({ name, text }) => ({ path: join(question.folder, name), text })),
    reading: asked.reading,
  };
}
