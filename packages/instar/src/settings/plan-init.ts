import type { AgentDetection } from "./detect-agent.ts";
import type { Finding } from "./finding.ts";
import { plainWords } from "./plain-words.ts";
import type { Command, SettingsFile } from "./settings.ts";

/** What the operator said, by flag or when asked; text as it was typed. Each answer wins over what was found. */
export interface InitAnswers {
  readonly name?: string;
  readonly source?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly directory?: string;
  readonly start?: string;
  readonly install?: string;
  readonly lockfiles?: string;
  readonly produces?: string;
  readonly build?: string;
  readonly tests?: string;
  readonly environmentFile?: string;
  readonly port?: string;
  readonly portVariable?: string;
  readonly frontPort?: string;
  readonly healthPath?: string;
  readonly healthLog?: string;
  readonly healthCommand?: string;
  readonly heartbeat?: string;
  readonly state?: string;
  readonly stateVariable?: string;
  readonly automatic?: string;
  readonly preset?: string;
}

export type InitQuestion = keyof InitAnswers;

export interface MissingAnswer {
  readonly question: InitQuestion;
  readonly because: string;
}

export type InitPlan =
  | { readonly kind: "ready"; readonly settings: SettingsFile; readonly warnings: readonly string[] }
  | { readonly kind: "incomplete"; readonly missing: readonly MissingAnswer[] };

/** The settings that detection and answers make together, or which answers are still needed. "none" leaves a part out. */
export function planInit(detection: AgentDetection, answers: InitAnswers): InitPlan {
  const port = planPort(detection, answers);
  const source = planSource(detection, answers);
  const start = chosenCommand(answers.start, detection.start.value);
  const install = planInstall(detection, answers);
  const health = planHealth(detection, answers, port);
  const frontPort = port === "none" ? undefined : (numberIn(answers.frontPort) ?? detection.frontPort.value);
  const missing: MissingAnswer[] = [
    ...(source === undefined ? [{ question: "source" as const, because: detection.source.evidence }] : []),
    ...(start === undefined ? [{ question: "start" as const, because: detection.start.evidence }] : []),
    ...(port === undefined ? [{ question: "port" as const, because: detection.port.evidence }] : []),
    ...(port !== undefined && port !== "none" && frontPort === undefined
      ? [{ question: "frontPort" as const, because: "people need a port to reach the agent at" }]
      : []),
    ...(Array.isArray(install) ? install : []),
    ...(port === "none" && health === undefined
      ? [{ question: "healthLog" as const, because: `without a port something else must tell that the agent is well; ${detection.health.evidence}` }]
      : []),
  ];
  if (source === undefined || start === undefined || port === undefined || Array.isArray(install) || missing.length > 0) return { kind: "incomplete", missing };
  const build = chosenCommand(answers.build, detection.build.value);
  const tests = chosenCommand(answers.tests, detection.tests.value);
  const settings: SettingsFile = {
    version: 1,
    name: answers.name ?? detection.name.value ?? "agent",
    source,
    agent: planAgent(detection, answers, start, port),
    ...(install === undefined ? {} : { install }),
    ...(build === undefined ? {} : { build: { command: build } }),
    ...(tests === undefined ? {} : { tests: { command: tests } }),
    ...(health === undefined ? {} : { health }),
    state: planState(detection, answers),
    ...(isStateGuessed(detection, answers) && port === "given" ? { exchange: { strategy: "recreate" } } : {}),
    ...(frontPort === undefined ? {} : { front: { port: frontPort } }),
    // Text from a flag; whether it is one of the four is checked with everything else when the file is parsed.
    ...(answers.automatic === undefined ? {} : { updates: { automatic: answers.automatic as "never" } }),
  };
  return { kind: "ready", settings, warnings: warningsOn(detection, answers, settings) };
}

type Port = "none" | "given" | number;

function planPort(detection: AgentDetection, answers: InitAnswers): Port | undefined {
  if (answers.port === "none" || answers.port === "given") return answers.port;
  return numberIn(answers.port) ?? detection.port.value?.port;
}

/** Text that is no number stays wrong: it is refused when the file is parsed, not replaced by what was found. */
function numberIn(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

function planSource(detection: AgentDetection, answers: InitAnswers): SettingsFile["source"] | undefined {
  const git = answers.source ?? detection.source.value?.git;
  if (git === undefined) return undefined;
  if (answers.tag !== undefined) return { git, tag: answers.tag };
  const branch = answers.branch ?? (answers.source === undefined ? detection.source.value?.branch : undefined);
  return { git, ...(branch === undefined ? {} : { branch }) };
}

function planAgent(detection: AgentDetection, answers: InitAnswers, start: Command, port: Port): SettingsFile["agent"] {
  const directory = answers.directory ?? detection.directory.value ?? ".";
  const environmentFile = chosen(answers.environmentFile, detection.environmentFile.value);
  const portVariable = answers.portVariable ?? detection.port.value?.variable ?? "PORT";
  return {
    start,
    ...(directory === "." ? {} : { directory }),
    ...(detection.path.value === undefined ? {} : { path: [...detection.path.value] }),
    ...(environmentFile === undefined ? {} : { environmentFile }),
    port,
    ...(port === "none" || portVariable === "PORT" ? {} : { portVariable }),
  };
}

function planInstall(detection: AgentDetection, answers: InitAnswers): SettingsFile["install"] | MissingAnswer[] {
  const { value } = detection.install;
  const command = chosenCommand(answers.install, value?.command);
  if (command === undefined) return undefined;
  const lockfiles = listIn(answers.lockfiles) ?? value?.lockfiles;
  const produces = listIn(answers.produces) ?? value?.produces;
  if (lockfiles !== undefined && produces !== undefined) return { command, lockfiles, produces, ...(value?.share === "link" ? { share: "link" } : {}) };
  return [
    ...(lockfiles === undefined ? [{ question: "lockfiles" as const, because: "it is run again when one of these files changes" }] : []),
    ...(produces === undefined ? [{ question: "produces" as const, because: "these folders are kept and put into each release" }] : []),
  ];
}

function planHealth(detection: AgentDetection, answers: InitAnswers, port: Port | undefined): SettingsFile["health"] {
  const path = chosen(answers.healthPath, undefined);
  const said = {
    ...(path === undefined ? {} : { http: { path } }),
    ...(answers.healthLog === undefined ? {} : { log: { ready: answers.healthLog } }),
    ...(answers.healthCommand === undefined ? {} : { command: { run: answers.healthCommand } }),
    ...(answers.heartbeat === undefined ? {} : { heartbeat: { file: answers.heartbeat, within: "1m" } }),
  };
  if (Object.keys(said).length > 0) return said;
  const { value } = detection.health;
  // Found for an agent with a port, and of no use for one without, or the other way round.
  const fits = answers.healthPath !== "none" && (port === "none") === (value?.http === undefined);
  return fits ? value : undefined;
}

function planState(detection: AgentDetection, answers: InitAnswers): NonNullable<SettingsFile["state"]> {
  const { state, stateVariable } = answers;
  const variable = stateVariable ?? (detection.state.value?.kind === "exclusive" ? detection.state.value.variable : undefined);
  const told = variable === undefined ? {} : { variable };
  if (state === "none" || state === "external") return { kind: state };
  if (state !== undefined) return { kind: "exclusive", directory: state, ...told };
  return { ...(detection.state.value ?? { kind: "none" }), ...(detection.state.value?.directory === undefined ? {} : told) };
}

/** Two versions side by side would both open a state that was merely not found, and do twice what the agent does by itself: that takes somebody's word. */
function isStateGuessed({ state }: AgentDetection, answers: InitAnswers): boolean {
  return answers.state === undefined && state.value?.kind !== "exclusive";
}

function chosen<Value>(answer: string | undefined, detected: Value | undefined): string | Value | undefined {
  return answer === "none" ? undefined : (answer ?? detected);
}

function chosenCommand(answer: string | undefined, detected: Command | undefined): Command | undefined {
  const command = chosen(answer, detected);
  return typeof command !== "string" || answer === undefined ? command : (listOfWords(command) ?? plainWords(command) ?? command);
}

function listOfWords(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === "string") ? words : undefined;
  } catch {
    return undefined;
  }
}

function listIn(text: string | undefined): string[] | undefined {
  const words = text
    ?.split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  return words === undefined || words.length === 0 ? undefined : words;
}

/** Of each finding that was not answered otherwise, and what holds for every agent. */
function warningsOn(detection: AgentDetection, answers: InitAnswers, settings: SettingsFile): string[] {
  const findings: [Finding<unknown>, InitQuestion | undefined][] = [
    [detection.source, "source"],
    [detection.directory, "directory"],
    [detection.start, "start"],
    [detection.path, undefined],
    [detection.install, "install"],
    [detection.tests, "tests"],
    [detection.environmentFile, "environmentFile"],
    [detection.port, "port"],
    [detection.health, "healthPath"],
    [detection.state, "state"],
    ...(settings.front === undefined
      ? []
      : ([
          [detection.frontPort, "frontPort"],
          [detection.trust, undefined],
        ] satisfies [Finding<unknown>, InitQuestion | undefined][])),
  ];
  return [
    ...(settings.tests === undefined
      ? ["There are no tests: nothing will proceed by itself without tests; `instar update apply --untested` takes each update."]
      : []),
    ...findings.flatMap(([{ warning }, question]) =>
      warning === undefined || (question !== undefined && answers[question] !== undefined) ? [] : [sentence(warning)],
    ),
    ...(settings.exchange === undefined
      ? []
      : [
          "Nobody has said that two versions of it may run at once, so one ends before the next starts and requests wait meanwhile. If they may (no state of its own, nothing that it does by itself), take exchange.strategy out.",
        ]),
    ...(settings.front === undefined
      ? []
      : [
          "The front listens at 127.0.0.1 only. Behind it every caller comes from loopback, so an agent that trusts loopback would trust everyone who reaches the front: opening it takes front.host and front.public: true.",
        ]),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
