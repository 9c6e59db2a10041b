import { backupJob, codeCheckView, OPERATIONS, type Operation, updateView } from "@instar/protocol";
import { Command, Option } from "commander";
import { z } from "zod";
import { initFlags } from "./init-flags.ts";
import { addTrustCommands } from "./trust/add-trust-commands.ts";
import type { TrustQuestion } from "./trust/trust-question.ts";

/** What the CLI can be told beyond the protocol's operations: each acts on this machine, before or around a daemon. */
export interface LocalCommands {
  init(options: Readonly<Record<string, unknown>>): Promise<void>;
  up(options: { foreground: boolean }): Promise<void>;
  down(options: { keepAgent: boolean }): Promise<void>;
  demo(options: { headless: boolean }): Promise<void>;
  /** The live view of what runs and what is under way. */
  watch(options: { update: string | undefined; showsOutput: boolean }): Promise<void>;
  service(options: { system: boolean; install: boolean }): Promise<void>;
  /** Speaks MCP on standard input and output. Absent where only the shape of the command line is looked at. */
  mcp?(options: { tokenFile: string | undefined }): Promise<void>;
  keeper(): Promise<void>;
  daemon(): Promise<void>;
  /** Answers one question of the analysis, from a file into a file. */
  analyse(asked: string, answered: string): Promise<void>;
  /** Signed releases. Absent where only the shape of the command line is looked at. */
  trust?(question: TrustQuestion): Promise<void>;
}

export interface GlobalOptions {
  readonly json: boolean;
  readonly folder: string;
  readonly wait: boolean;
  /** Print what the update's jobs write, as they write it. */
  readonly output: boolean;
  /** The token is read from standard input. */
  readonly tokenFromStdin: boolean;
  /** The address of the answer is opened in a browser. */
  readonly open: boolean;
  /** The new folder that an answer's files are written to; undefined where they are not. */
  readonly to: string | undefined;
}

/** The whole command line. Operations come from the table; the rest is listed in `LocalCommands`. */
export function buildProgram(
  version: string,
  local: LocalCommands,
  runOperation: (operation: Operation, input: Record<string, unknown>, options: GlobalOptions) => Promise<void>,
): Command {
  const program = new Program("instar")
    .description("Keeps a long-running agent alive while the agent changes.")
    .version(version)
    // Before the commands are added, which have it from here: a mistake in any of them is answered by who runs it.
    .exitOverride()
    .showHelpAfterError("(instar --help shows what there is)")
    .addHelpText("after", EXIT_STATUSES);
  withGlobals(program);
  addLocalCommands(program, local);
  addTrustCommands(program, async (question) => local.trust?.(question));
  const groups = new Map<string, Command>();
  for (const operation of OPERATIONS as readonly Operation[]) {
    if (operation.hiddenFrom?.cli !== undefined) continue;
    addOperation(parentOf(program, groups, operation), operation, runOperation);
  }
  // What Instar starts itself with: `instar keeper`, beside the operations that are about the keeper.
  withGlobals(groupOf(program, groups, "keeper").command("run", { hidden: true, isDefault: true })).action(() => local.keeper());
  return program;
}

/**
 * Knows its own --version only before a command: behind one it is the command's (`release publish --version 1.2.3`). The other options of the program are known
 * wherever they stand, so commander's positional options, which would part all of them, are not for us.
 */
class Program extends Command {
  override createCommand(name?: string): Command {
    return new Command(name);
  }

  override parseOptions(argv: string[]): ReturnType<Command["parseOptions"]> {
    const commands = new Set(this.commands.map((command) => command.name()));
    const at = argv.findIndex((word) => commands.has(word));
    // commander knows an option wherever it stands, so what is not to be known is given to it under another name.
    const hide = (word: string) => word.replace(/^--version(?==|$)/, "--\0");
    const show = (word: string) => word.replace(/^--\0/, "--version");
    const { operands, unknown } = super.parseOptions(at < 0 ? argv : [...argv.slice(0, at), ...argv.slice(at).map(hide)]);
    return { operands: operands.map(show), unknown: unknown.map(show) };
  }
}

const EXIT_STATUSES = `
Exit statuses:
  0  done            4  refused or cancelled     7  not possible in the present state
  1  unexpected      5  failed; rolled back      8  the machine: port, disk, memory, time
  2  a mistake in    6  a person is needed       9  something was changed on disk
     what was asked  3  Instar is not running

Environment:
  INSTAR_TOKEN   a token that is shown instead of the instance's own; \`instar whoami\` says what it may do`;

function addLocalCommands(program: Command, local: LocalCommands): void {
  const init = withGlobals(program.command("init").description("Look at the agent in this folder, ask what cannot be seen, and write instar.yaml"));
  for (const { flags, description } of initFlags) if (!flags.includes("--json")) init.option(flags, description);
  init.action((_, command: Command) => local.init(command.optsWithGlobals()));
  withGlobals(program.command("up").description("Start Instar for the agent in this folder"))
    .option("--foreground", "stay in the foreground: for service managers and containers", false)
    .action((_, command: Command) => local.up({ foreground: command.opts().foreground }));
  withGlobals(program.command("down").description("Stop Instar, and the agent with it"))
    .option("--keep-agent", "leave the agent running on its own port", false)
    .action((_, command: Command) => local.down({ keepAgent: command.opts().keepAgent }));
  withGlobals(
    program.command("watch [update]").description("Look on: what runs, the update under way, what waits for you; approve and go back from the keyboard"),
  )
    .option("--output", "where changes are printed line by line: what the update's jobs write, too", false)
    .action((update: string | undefined, _, command: Command) => local.watch({ update, showsOutput: command.opts().output }));
  withGlobals(program.command("demo").description("The main job on real parts: four updates of an example agent under traffic"))
    .option("--headless", "plain lines; exit 0 only if everything was as it should be", false)
    .action((_, command: Command) => local.demo({ headless: command.opts().headless }));
  withGlobals(program.command("service").description("Print a systemd unit for the agent in this folder"))
    .option("--system", "a system unit instead of a user unit", false)
    .option("--install", "write it where systemd looks", false)
    .action((_, command: Command) => local.service({ system: command.opts().system, install: command.opts().install }));
  // Without --json: standard output belongs to the protocol.
  program
    .command("mcp")
    .description("Speak MCP on standard input and output: for an agent, which looks and proposes")
    .option("-C, --folder <folder>", "the folder with instar.yaml", ".")
    .option(
      "--token-file <file>",
      "show the token in this file; read anew at each call. Without it: INSTAR_TOKEN, or the token of an agent that may change itself",
    )
    .action(async (options: { tokenFile?: string }) => local.mcp?.({ tokenFile: options.tokenFile }));
  withGlobals(program.command("daemon", { hidden: true })).action(() => local.daemon());
  withGlobals(program.command("analyse <asked> <answered>", { hidden: true })).action((asked: string, answered: string) => local.analyse(asked, answered));
}

function parentOf(program: Command, groups: Map<string, Command>, operation: Operation): Command {
  const [group, rest] = operation.name.split(".");
  return group === undefined || rest === undefined ? program : groupOf(program, groups, group);
}

function groupOf(program: Command, groups: Map<string, Command>, group: string): Command {
  const known = groups.get(group) ?? program.command(group).description(GROUPS[group] ?? group);
  groups.set(group, known);
  return known;
}

const GROUPS: Readonly<Record<string, string>> = {
  update: "Updates: check, list, show, apply, propose, approve, reject, confirm, cancel, resolve, resume, explain; pin, hold, skip, marks",
  source: "Where changes come from: list, events",
  task: "What is done at times by itself: add, list, show, pause, resume, remove, run",
  approval: "Whose word is waited for",
  passkey: "What people approve with where a token is not enough; they are made and used in the console",
  document: "Texts that decisions name by their digests",
  policy: "Which update may proceed, and who may do what: show, check, explain, simulate, test",
  edit: "Edits of the agent's configuration: plan, apply, undo",
  incident: "What went wrong in service, and why",
  audit: "The ledger: list, verify, prove, compare, export, report",
  backup: "Backups of code, configuration, data and databases: create, list, verify, restore, prune",
  keeper: "The process that keeps the agent: replace",
  token: "Who may do what here: create, list, revoke",
};

/** Answered with an update, which a person may want to follow to its end. */
export function isUpdateCommand(operation: Operation): boolean {
  return operation.kind === "command" && (operation.output as unknown) === updateView;
}

/** Answered with work that goes on in the daemon, which a person may want to wait for. */
export function isJobCommand(operation: Operation): boolean {
  return operation.kind === "command" && (operation.output as unknown) === backupJob;
}

/** Answered with a check that goes on in the daemon. */
export function isCheckCommand(operation: Operation): boolean {
  return operation.kind === "command" && (operation.output as unknown) === codeCheckView;
}

function addOperation(parent: Command, operation: Operation, runOperation: Parameters<typeof buildProgram>[2]): void {
  const command = withGlobals(parent.command(operation.name.split(".").at(-1) ?? operation.name).description(operation.summary));
  command.option("--token-stdin", "show the token that comes on standard input, instead of the instance's own", false);
  const schema = z.toJSONSchema(operation.input, { io: "input" }) as { properties?: Record<string, InputSchema>; required?: string[] };
  const properties = schema.properties ?? {};
  for (const name of operation.positional) {
    const isRequired = schema.required?.includes(name) ?? false;
    command.argument(
      isRequired ? `<${name}>` : `[${name}]`,
      `${name === operation.fileInput ? "A file, or - for standard input. " : ""}${describeInput(properties[name])}`,
    );
  }
  for (const [name, property] of Object.entries(properties)) {
    if (operation.positional.includes(name)) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    command.addOption(new Option(property.type === "boolean" ? flag : `${flag} <value>`, describeInput(property)));
  }
  const dryRun = OPERATIONS.find(({ name }) => name === operation.dryRun) as Operation | undefined;
  if (dryRun !== undefined) command.option("--dry-run", "show what it would do, and do nothing", false);
  if (isUpdateCommand(operation))
    command
      .option("--no-wait", "return at once instead of following the update to its end")
      .option("--output", "print what its jobs write, as they write it", false);
  if (isJobCommand(operation) || isCheckCommand(operation)) command.option("--no-wait", "return at once instead of waiting for its end");
  if (operation.name === "console") command.option("--open", "open it in the browser of this machine", false);
  if (operation.filesOutput !== undefined) command.option("--to <folder>", "write all of it into a new folder, instead of printing one form");
  command.action(async (...args: unknown[]) => {
    const self = args.at(-1) as Command;
    const options = self.optsWithGlobals() as Record<string, unknown>;
    const input: Record<string, unknown> = {};
    for (const [index, name] of operation.positional.entries()) if (args[index] !== undefined) input[name] = args[index];
    for (const name of Object.keys(properties)) if (!operation.positional.includes(name) && options[name] !== undefined) input[name] = options[name];
    await runOperation(dryRun !== undefined && options.dryRun === true ? dryRun : operation, input, {
      json: options.json === true,
      folder: String(options.folder),
      wait: options.wait !== false,
      output: options.output === true,
      tokenFromStdin: options.tokenStdin === true,
      open: options.open === true,
      to: operation.filesOutput !== undefined && typeof options.to === "string" ? options.to : undefined,
    });
  });
}

interface InputSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
}

function describeInput(schema: InputSchema | undefined): string {
  const parts = [
    schema?.description ?? "",
    schema?.enum === undefined ? "" : `one of ${schema.enum.join(", ")}`,
    schema?.default === undefined || schema.default === false || schema.default === "" ? "" : `default ${String(schema.default)}`,
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function withGlobals(command: Command): Command {
  return command.option("--json", "print JSON instead of words").option("-C, --folder <folder>", "the folder with instar.yaml", ".");
}
