import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import {
  type BackupJob,
  type CodeCheckView,
  exitStatusOf,
  InstarError,
  type Operation,
  type Problem,
  parseProblem,
  type ReportFile,
  renderProblem,
  type UpdateView,
} from "@instar/protocol";
import { systemClock } from "../../platform/clock.ts";
import { planDataFolder } from "../../platform/data-folder.ts";
import { makePrivateFolder, writeFileDurably } from "../../platform/durable-files.ts";
import { readSystemdVersion } from "../../platform/read-systemd-version.ts";
import type { Finding } from "../../settings/finding.ts";
import { certificateFilesOf, readServerCertificate } from "../../settings/read-server-certificate.ts";
import { type ReadSettings, readSettings } from "../../settings/read-settings.ts";
import { planAgentData, planDoor } from "../../settings/self-settings.ts";
import { absolutePathInput } from "./absolute-path-input.ts";
import { askForToken } from "./ask-for-token.ts";
import { type AnswersFromDisk, askDaemon, askInstance } from "./ask-instance.ts";
import { buildProgram, isCheckCommand, isJobCommand, isUpdateCommand } from "./build-program.ts";
import { exitStatusOfUpdate, renderError } from "./connect.ts";
import { followCheck } from "./follow-check.ts";
import { followJob } from "./follow-job.ts";
import { followUpdate, readUpdate } from "./follow-update.ts";
import { type InitFlag, initFlags } from "./init-flags.ts";
import { openConsole } from "./open-console.ts";
import { renderSystemdUnit } from "./print-service.ts";
import { readFileInput } from "./read-file-input.ts";
import { readToken } from "./read-token.ts";
import { renderAnswer } from "./render-answer.ts";
import { renderUpdateLine } from "./render-update.ts";
import { startInstance, stopInstance } from "./start-instance.ts";
import type { TrustParts } from "./trust/trust-parts.ts";
import type { OpenScreen } from "./watch/show-screen.ts";
import { askForFiles, writeAnswerFiles } from "./write-answer-files.ts";

/** What only compose.ts can build, handed to the face. */
export interface CliParts extends AnswersFromDisk {
  readonly version: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** This program, as processes of it are started: program and arguments, without a command. */
  readonly selfArgv: readonly string[];
  /** What such a process gets for an instance with this data folder. */
  readonly environmentIn: (folder: string) => Readonly<Record<string, string>>;
  readonly runKeeper: (read: ReadSettings, folder: string) => Promise<void>;
  /** Tells the keeper that started this one in its place why it does not begin; nobody else hears it. */
  readonly sayWhyNot: (error: unknown) => Promise<void>;
  readonly runDaemon: (read: ReadSettings, folder: string) => Promise<void>;
  /** Which sandbox jobs would run in on this machine; what to do where there is none. */
  readonly findSandbox: () => Promise<Finding<string>>;
  readonly answerAnalysis: (asked: string, answered: string) => Promise<void>;
  readonly runDemo: (options: { headless: boolean; json: boolean }) => Promise<number>;
  /** What the live view is drawn with; loaded where a person sits before it. */
  readonly openScreen: () => Promise<OpenScreen>;
  /** What signed releases are made with; loaded where a command asks for it. */
  readonly openTrust: () => Promise<TrustParts>;
}

/** argv → exit status. Prints to stdout what was asked for, to stderr what went wrong. */
export async function runCli(parts: CliParts): Promise<number> {
  const { environment } = parts;
  const isJson = parts.argv.includes("--json");
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const note = (text: string) => (isJson ? undefined : process.stderr.write(`${text}\n`));
  let status = 0;
  /** Standard output is the protocol's then, to the end. */
  let speaksMcp = false;

  const located = async (options: { folder?: unknown }): Promise<{ read: ReadSettings; folder: string }> => {
    const read = await readSettings(resolve(String(options.folder ?? ".")));
    return { read, folder: planDataFolder(read.settings.name, environment) };
  };
  let folderOption = ".";

  const program = buildProgram(
    parts.version,
    {
      init: async (options) => {
        const { runInit } = await import("./run-init.ts");
        await runInit({
          folder: resolve(folderOption),
          ...(options.yes === true ? { yes: true } : {}),
          ...(options.force === true ? { force: true } : {}),
          ...(isJson ? { json: true } : {}),
          answers: answersOf(options),
          operatorPath: environment.INSTAR_OPERATOR_PATH ?? environment.PATH ?? "",
          operatorEnvironment: environment,
          findSandbox: parts.findSandbox,
          io: { input: process.stdin, output: process.stdout, isInteractive: process.stdin.isTTY === true && process.stdout.isTTY === true },
        });
      },
      up: async ({ foreground }) => {
        const { read, folder } = await located({ folder: folderOption });
        // A service manager would start it again and again, and nobody would mind the agent: the front then waits for a better one.
        if (environment.INSTAR_KEEPER_MANAGED === undefined) await assertCertificate(read);
        if (foreground) return parts.runKeeper(read, folder);
        const door = await startInstance({
          read,
          folder,
          keeperArgv: [...parts.selfArgv, "keeper", "--folder", read.folder],
          environment: parts.environmentIn(folder),
          clock: systemClock,
        });
        const front = read.settings.front === undefined ? null : { host: read.settings.front.host, port: read.settings.front.port };
        if (isJson) print(JSON.stringify({ instance: read.settings.name, folder, daemon: { pid: door.pid, port: door.port }, front }));
        else {
          print(
            `${read.settings.name} is being kept${front === null ? "" : `; people reach it on ${read.settings.front?.tls === undefined ? "" : "https://"}${front.host}:${front.port}`}`,
          );
          note("`instar status` shows what it does, `instar console --open` does so in a browser, `instar logs` what the agent says, `instar down` ends it.");
        }
      },
      down: async ({ keepAgent }) => {
        const { read, folder } = await located({ folder: folderOption });
        const wasRunning = await stopInstance(folder, keepAgent, systemClock);
        if (isJson) print(JSON.stringify({ instance: read.settings.name, wasRunning, keptAgent: wasRunning && keepAgent }));
        else
          print(
            wasRunning
              ? `${read.settings.name} is no longer kept${keepAgent ? "; the agent runs on, on its own port" : "; the agent was stopped"}`
              : `Instar was not running for ${read.settings.name}`,
          );
      },
      demo: async ({ headless }) => {
        status = await parts.runDemo({ headless, json: isJson });
      },
      watch: async ({ update, showsOutput }) => {
        const { read, folder } = await located({ folder: folderOption });
        const { runWatch } = await import("./watch/run-watch.ts");
        const token = await readToken({ fromStdin: false, stdin: process.stdin, environment });
        const terminal = { input: process.stdin, output: process.stderr, isInteractive: true };
        const asking = { read, folder, token, askForToken: async () => undefined };
        status = await runWatch({
          update,
          isJson,
          showsOutput,
          environment,
          stdin: process.stdin,
          stdout: process.stdout,
          askDaemon: (operation, input, signal) => askDaemon(folder, token, operation, input, signal),
          askDisk: (operation, input, signal) => askInstance(parts, { ...asking, signal }, operation, { ...input }),
          send: (operation, input, ask, signal) => askInstance(parts, { ...asking, askForToken: ask, signal }, operation, { ...input }),
          askForToken: () => askForToken(terminal),
          openScreen: parts.openScreen,
          clock: systemClock,
        });
      },
      service: async ({ system, install }) => {
        const { read, folder } = await located({ folder: folderOption });
        const who = userInfo();
        const unit = renderSystemdUnit({
          name: read.settings.name,
          settingsFolder: read.folder,
          folder,
          dataRoot: environment.INSTAR_DATA === "" ? undefined : environment.INSTAR_DATA,
          argv: parts.selfArgv,
          operatorPath: environment.INSTAR_OPERATOR_PATH ?? environment.PATH ?? "",
          system,
          home: who.homedir,
          user: who.username,
          systemd: await readSystemdVersion(),
        });
        if (install) {
          await makePrivateFolder(join(unit.path, ".."));
          await writeFileDurably(unit.path, unit.text, 0o644);
        }
        if (isJson) print(JSON.stringify({ ...unit, installed: install }));
        else print(install ? `wrote ${unit.path}; now: ${unit.enable}` : unit.text);
      },
      mcp: async ({ tokenFile }) => {
        speaksMcp = true;
        const { read, folder } = await located({ folder: folderOption });
        const { self } = read.settings;
        const ownDoor = self === undefined ? undefined : planDoor(planAgentData(self, read.folder));
        const [{ serveMcpOnStdio }, { openMcpDoor }] = await Promise.all([import("../mcp/serve-stdio.ts"), import("../mcp/open-mcp-door.ts")]);
        const reach = await openMcpDoor({ folder, tokenFile: tokenFile === undefined ? undefined : resolve(tokenFile), ownDoor, environment });
        await serveMcpOnStdio({ version: parts.version, reach, stdin: process.stdin, stdout: process.stdout });
      },
      keeper: async () => {
        const { read, folder } = await located({ folder: folderOption });
        await parts.runKeeper(read, folder);
      },
      daemon: async () => {
        const { read, folder } = await located({ folder: folderOption });
        await parts.runDaemon(read, folder);
      },
      analyse: parts.answerAnalysis,
      trust: async (question) => {
        const { runTrustCommand } = await import("./trust/run-trust-command.ts");
        const answer = (value: object, words: string) => print(isJson ? JSON.stringify(value, null, 2) : words);
        const clientArgv = parts.argv.slice(parts.argv.indexOf("tuf-client") + 1);
        status = await runTrustCommand({ parts: await parts.openTrust(), cwd: process.cwd(), clientArgv, answer }, question);
      },
    },
    async (operation, input, options) => {
      const { read, folder } = await located(options);
      assertOneStdin(operation, input, options.tokenFromStdin);
      // A folder that is named counts from where the person stands, not from where the daemon does.
      const named =
        operation.name === "backup.restore" && typeof input.to === "string"
          ? { ...input, to: resolve(input.to) }
          : absolutePathInput(operation, await readFileInput(operation, options.to === undefined ? input : askForFiles(operation, input)), environment.HOME);
      const token = await readToken({ fromStdin: options.tokenFromStdin, stdin: process.stdin, environment });
      const terminal = { input: process.stdin, output: process.stderr, isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true };
      const answer = await askInstance(parts, { read, folder, token, askForToken: () => askForToken(terminal) }, operation, named);
      const follow = async (update: UpdateView): Promise<void> => {
        const ended = await followUpdate(folder, update, { say: isJson ? undefined : note, showsOutput: options.output });
        status = exitStatusOfUpdate(operation.name, ended);
        print(isJson ? JSON.stringify(ended, null, 2) : renderUpdateLine(ended));
      };
      if (isUpdateCommand(operation) && options.wait) return follow(answer as UpdateView);
      if (isJobCommand(operation) && options.wait) {
        const job = await followJob(folder, answer as BackupJob, isJson || process.stderr.isTTY !== true ? undefined : process.stderr);
        if (job.update !== null) return follow(await readUpdate(folder, job.update));
        if (job.problem === null) return print(isJson ? JSON.stringify(job, null, 2) : renderAnswer(operation.name, job));
        if (!isJson && job.verified.length > 0) print(renderAnswer(operation.name, job));
        throw parseProblem(job.problem as unknown as Problem);
      }
      if (isCheckCommand(operation) && options.wait) {
        const ended = await followCheck(folder, answer as CodeCheckView, isJson ? undefined : note);
        status = ended.state === "passed" ? 0 : 4;
        return print(isJson ? JSON.stringify(ended, null, 2) : renderAnswer(operation.name, ended));
      }
      if (options.to !== undefined) {
        const written = await writeAnswerFiles(resolve(options.to), (answer as { files: readonly ReportFile[] }).files);
        return print(isJson ? JSON.stringify(written, null, 2) : `${written.files} files in ${written.folder} (${Math.ceil(written.sizeBytes / 1_024)} KiB)`);
      }
      if (options.open && !(await openConsole((answer as { url: string }).url, folder, environment)))
        note("nothing on this machine opens a browser; open the address yourself");
      if (operation.name === "doctor" && (answer as { verdict: string }).verdict === "fail") status = 9;
      if (operation.name === "policy.check" && (answer as { verdict: string }).verdict === "fail") status = 2;
      if (operation.name === "policy.test" && (answer as { failed: number }).failed > 0) status = 4;
      if (operation.name === "rollback.plan" && (answer as { verdict: string }).verdict === "fail") status = 4;
      print(isJson ? JSON.stringify(answer, null, 2) : renderAnswer(operation.name, answer));
    },
  );
  program.hook("preAction", (_, action) => {
    folderOption = String(action.optsWithGlobals().folder ?? ".");
  });
  try {
    await program.parseAsync(parts.argv, { from: "user" });
    return status;
  } catch (error) {
    await parts.sayWhyNot(error);
    if (isCommanderExit(error)) return error.exitCode === 0 ? 0 : 2;
    if (isJson && !speaksMcp) print(JSON.stringify(renderProblem(error), null, 2));
    else process.stderr.write(`${renderError(error)}\n`);
    return exitStatusOf(error);
  }
}

/** @throws InstarError SETTINGS_INVALID where the front could not show its certificate */
async function assertCertificate({ settings, folder }: ReadSettings): Promise<void> {
  const tls = settings.front?.tls;
  if (tls !== undefined) await readServerCertificate(certificateFilesOf(tls, folder));
}

/** @throws InstarError INPUT_INVALID */
function assertOneStdin({ fileInput }: Operation, input: Readonly<Record<string, unknown>>, tokenFromStdin: boolean): void {
  if (tokenFromStdin && fileInput !== undefined && input[fileInput] === "-")
    throw new InstarError("INPUT_INVALID", "standard input cannot be both the token and the file", { advice: "Name the file, or use INSTAR_TOKEN." });
}

function answersOf(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const keys = initFlags.map((flag: InitFlag) => flag.key).filter((key) => key !== "yes" && key !== "force" && key !== "json");
  return Object.fromEntries(keys.flatMap((key) => (typeof options[key] === "string" ? [[key, options[key]]] : [])));
}

function isCommanderExit(error: unknown): error is { exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}
