import { existsSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, relative, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { intro, isCancel, text } from "@clack/prompts";
import { InstarError } from "@instar/protocol";
import { explainFileError, writeFileDurably } from "../../platform/durable-files.ts";
import { type AgentDetection, detectAgent } from "../../settings/detect-agent.ts";
import { type Confidence, type Finding, printable } from "../../settings/finding.ts";
import { parseSettings } from "../../settings/parse-settings.ts";
import { type InitAnswers, type InitPlan, type InitQuestion, planInit } from "../../settings/plan-init.ts";
import { type NetworkTrust, planNetworkTrust } from "../../settings/plan-network-trust.ts";
import { readPreset } from "../../settings/presets/read-preset.ts";
import { writeSeeds } from "../../settings/presets/write-seeds.ts";
import { SETTINGS_FILE } from "../../settings/read-settings.ts";
import { renderSettingsFile } from "../../settings/render-settings-file.ts";
import type { SettingsFile } from "../../settings/settings.ts";
import { answerFlags } from "./init-flags.ts";

export interface InitIo {
  readonly input: Readable;
  readonly output: Writable;
  /** A person sits at both ends. */
  readonly isInteractive: boolean;
}

export interface InitOptions {
  readonly folder: string;
  /** Takes what was found without asking. */
  readonly yes?: boolean;
  /** Replaces an instar.yaml that is there. */
  readonly force?: boolean;
  /** The result as one JSON document on the output; asks nothing. */
  readonly json?: boolean;
  readonly answers?: InitAnswers;
  /** The operator's PATH, without what npm and Instar put in front of it. */
  readonly operatorPath: string;
  /** The operator's own variables, of which only those are looked at that name certificates. */
  readonly operatorEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Which sandbox this machine has; by default nobody asks. */
  readonly findSandbox?: () => Promise<Finding<string>>;
  readonly io: InitIo;
  /** Where the JSON Schema lies; by default in this package. */
  readonly schema?: string;
}

export interface InitDetection {
  readonly question: string;
  readonly value: unknown;
  readonly evidence: string;
  readonly confidence: Confidence;
}

export interface InitResult {
  readonly path: string;
  readonly settings: SettingsFile;
  readonly detections: readonly InitDetection[];
  readonly warnings: readonly string[];
  /** What to run next. */
  readonly next: readonly string[];
}

/**
 * Looks at the agent's folder, asks where a person is there to ask, and writes its `instar.yaml`, whole or not at all.
 *
 * @throws InstarError CONFLICT (there is one already), INPUT_INVALID (an answer is missing or wrong), CANCELLED,
 *   DISK_FULL, PLATFORM_FAILED
 */
export async function runInit(options: InitOptions): Promise<InitResult> {
  const path = join(resolve(options.folder), SETTINGS_FILE);
  await assertFree(path, options.force === true);
  const preset = options.answers?.preset === undefined ? undefined : await readPreset(options.answers.preset, options.folder);
  const written = preset === undefined ? [] : await writeSeeds(resolve(options.folder), preset.seeds);
  const detection = await detectAgent(options.folder, { path: options.operatorPath, isPortFree });
  const asks = options.io.isInteractive && options.yes !== true && options.json !== true;
  const answers = { ...preset?.answers, ...options.answers };
  const plan = asks ? await askPlan(detection, answers, options.io) : planInit(detection, answers);
  if (plan.kind === "incomplete") throw answersMissing(plan);

  const trust = planNetworkTrust(options.operatorEnvironment ?? {});
  const settings = withTrust(preset?.complete(plan.settings) ?? plan.settings, trust.value);
  const content = renderSettingsFile(settings, { schema: options.schema ?? ownSchema(dirname(path)) });
  assertValid(content, path);
  // Asked again: questions take minutes, and somebody else may have written one meanwhile.
  await assertFree(path, options.force === true);
  await writeFileDurably(path, content, 0o644);

  const sandbox = await options.findSandbox?.();
  const result: InitResult = {
    path,
    settings,
    detections: detectionsOf({
      ...detection,
      ...(sandbox === undefined ? {} : { sandbox }),
      ...(trust.value === undefined ? {} : { certificates: trust }),
    }).map((found) => asAnswered(asPreset(found, preset?.answers ?? {}), options.answers ?? {})),
    warnings: [
      ...written.map((file) => `${file} was written too.`),
      ...(preset?.warnings ?? []),
      ...plan.warnings,
      ...(sandbox?.warning === undefined ? [] : [sandbox.warning]),
    ],
    next: [...(preset?.next ?? []), "instar plan", "instar up"],
  };
  options.io.output.write(options.json === true ? `${JSON.stringify(result, null, 2)}\n` : renderResult(result));
  return result;
}

/** Jobs get nothing of the operator's shell: what installing needs stands in instar.yaml, where somebody can see it. */
function withTrust(settings: SettingsFile, trust: NetworkTrust | undefined): SettingsFile {
  if (trust === undefined || settings.install === undefined) return settings;
  const { environment, readable } = trust;
  return {
    ...settings,
    sandbox: {
      ...settings.sandbox,
      environment: { ...environment, ...settings.sandbox?.environment },
      ...(readable.length === 0 ? {} : { readable: [...(settings.sandbox?.readable ?? []), ...readable] }),
    },
  };
}

async function assertFree(path: string, force: boolean): Promise<void> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw explainFileError(error, `could not look for ${path}`);
  });
  if (there === undefined || (force && !there.isDirectory())) return;
  throw new InstarError("CONFLICT", `${path} is there already`, { facts: { path }, advice: "Change it by hand, or run `instar init --force` to replace it." });
}

/** Answers only at this machine's own address: nothing is opened to the outside while it is tried. */
function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** What a person said goes before what a preset knows, and that before what was found. */
function asAnswered(found: InitDetection, answers: InitAnswers, evidence = "you said so"): InitDetection {
  const key = found.question.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase()) as InitQuestion;
  const answer = answers[key];
  return answer === undefined ? found : { question: found.question, value: answer, evidence, confidence: "certain" };
}

function asPreset(found: InitDetection, answers: InitAnswers): InitDetection {
  return asAnswered(found, answers, "the preset knows it");
}

/** Asks each question with what was found as the answer, and then what is still missing, until a plan is ready. */
async function askPlan(detection: AgentDetection, given: InitAnswers, io: InitIo): Promise<InitPlan> {
  intro("Instar: what it found is filled in; press Enter where it is right.", { output: io.output });
  let answers = given;
  for (const { question, label, found, evidence } of questionsOn(detection)) {
    if (answers[question] !== undefined) continue;
    const canBeNone = / none\b/.test(label);
    const said = await ask(`${label} (${evidence})`, found, io, !canBeNone);
    if (said !== found) answers = { ...answers, [question]: said === "" ? "none" : said };
  }
  for (let plan = planInit(detection, answers); ; plan = planInit(detection, answers)) {
    if (plan.kind === "ready") return plan;
    for (const { question, because } of plan.missing) answers = { ...answers, [question]: await ask(`${descriptionOf(question)}: ${because}`, "", io, true) };
  }
}

interface Question {
  readonly question: InitQuestion;
  readonly label: string;
  readonly found: string;
  readonly evidence: string;
}

function questionsOn(detection: AgentDetection): Question[] {
  const { name, source, start, install, build, tests, environmentFile, port, frontPort, health, state } = detection;
  return [
    { question: "name", label: "Name", found: name.value ?? "", evidence: name.evidence },
    ...(source.value === undefined ? [] : [{ question: "source" as const, label: "Source", found: source.value.git, evidence: source.evidence }]),
    ...(start.value === undefined ? [] : [{ question: "start" as const, label: "Start command", found: lineOf(start.value), evidence: start.evidence }]),
    {
      question: "install",
      label: "Install command, or none",
      found: install.value === undefined ? "none" : lineOf(install.value.command),
      evidence: install.evidence,
    },
    { question: "build", label: "Build command, or none", found: build.value === undefined ? "none" : lineOf(build.value), evidence: build.evidence },
    {
      question: "tests",
      label: "Tests, or none (then nothing proceeds by itself)",
      found: tests.value === undefined ? "none" : lineOf(tests.value),
      evidence: tests.evidence,
    },
    { question: "environmentFile", label: "File of variables, or none", found: environmentFile.value ?? "none", evidence: environmentFile.evidence },
    ...(port.value === undefined
      ? []
      : [{ question: "port" as const, label: "The agent's port: given, none or a number", found: String(port.value.port), evidence: port.evidence }]),
    ...(frontPort.value === undefined
      ? []
      : [{ question: "frontPort" as const, label: "The port that people use", found: String(frontPort.value), evidence: frontPort.evidence }]),
    ...(port.value?.port === "none"
      ? []
      : [{ question: "healthPath" as const, label: "Health path, or none", found: health.value?.http?.path ?? "none", evidence: health.evidence }]),
    { question: "state", label: "State folder, external or none", found: state.value?.directory ?? state.value?.kind ?? "none", evidence: state.evidence },
  ];
}

async function ask(message: string, initialValue: string, { input, output }: InitIo, isNeeded: boolean): Promise<string> {
  const validate = (value: string | undefined) => (isNeeded && (value ?? "").trim() === "" ? "An answer is needed here" : undefined);
  const said = await text({ message, initialValue, validate, input, output });
  if (isCancel(said)) throw new InstarError("CANCELLED", "init was ended before it was done; nothing was written");
  return (said ?? "").trim();
}

function lineOf(command: string | readonly string[]): string {
  if (typeof command === "string") return command;
  return command.every((word) => /^[\w./@:=+-]+$/.test(word)) ? command.join(" ") : JSON.stringify(command);
}

function descriptionOf(question: InitQuestion): string {
  return answerFlags.find((flag) => flag.key === question)?.description ?? question;
}

function answersMissing({ missing }: Extract<InitPlan, { kind: "incomplete" }>): InstarError {
  const flagOf = (question: InitQuestion) => answerFlags.find((flag) => flag.key === question)?.flags ?? question;
  const sentences = missing.map(({ question, because }) => `${flagOf(question)} is needed: ${because}`);
  return new InstarError("INPUT_INVALID", `not enough is known to write ${SETTINGS_FILE}:\n  ${sentences.join("\n  ")}`, {
    facts: { missing: missing.map(({ question }) => question) },
    advice: "Give the flags that are named, or run `instar init` in a terminal and answer.",
  });
}

/** What was typed may be wrong: the file is checked as every later start will check it, before it is there. */
function assertValid(content: string, path: string): void {
  try {
    parseSettings(content, path);
  } catch (cause) {
    const listed = InstarError.is(cause) ? cause.facts.mistakes : undefined;
    const mistakes = Array.isArray(listed) ? listed.map((mistake) => String(mistake).replace(/^line \d+, column \d+: /, "")) : [];
    throw new InstarError("INPUT_INVALID", `the answers make no valid ${SETTINGS_FILE}:\n  ${mistakes.join("\n  ")}`, {
      cause,
      facts: { mistakes },
      advice: "Nothing was written; mend the answer and run it again.",
    });
  }
}

/** Beside the program in a package, further up beside the sources. Shorter from the agent's folder where Instar is installed in it. */
function ownSchema(folder: string): string {
  const path =
    ["../schema", "../../../schema"].map((place) => resolve(import.meta.dirname, place, "instar.schema.json")).find((place) => existsSync(place)) ??
    "instar.schema.json";
  const near = relative(folder, path);
  return near.startsWith("..") ? path : `./${near}`;
}

function detectionsOf(detection: Readonly<Record<string, Finding<unknown>>>): InitDetection[] {
  return Object.entries(detection).map(([question, { value, evidence, confidence }]) => ({ question, value: value ?? null, evidence, confidence }));
}

function renderResult({ path, detections, warnings, next }: InitResult): string {
  const known = detections
    .filter(({ confidence }) => confidence !== "none")
    .map(({ question, value, evidence, confidence }) => `  ${wordsFor(question)}: ${shown(value)} (${confidence}: ${evidence})`);
  const unknown = detections.filter(({ confidence }) => confidence === "none").map(({ question, evidence }) => `  ${wordsFor(question)}: ${evidence}`);
  return `${[
    `Wrote ${path}`,
    ...(known.length > 0 ? ["", "Found:", ...known] : []),
    ...(unknown.length > 0 ? ["", "Not found:", ...unknown] : []),
    ...(warnings.length > 0 ? ["", "Before you go on:", ...warnings.map((warning) => `  - ${warning}`)] : []),
    "",
    "Next:",
    ...next.map((command) => `  ${command}`),
  ].join("\n")}\n`;
}

function wordsFor(question: string): string {
  return question.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return printable(value.map(String).join(" "));
  if (typeof value !== "object" || value === null) return printable(String(value));
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => `${key} ${shown(inner)}`)
    .join(", ");
}
