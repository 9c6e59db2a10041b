import { CONFLICT_STRATEGIES } from "@instar/protocol";
import { z } from "zod";
import { backupSettings } from "./backup-settings.ts";
import { decisionSettings } from "./decision-settings.ts";
import { doorSettings } from "./door-settings.ts";
import { approvalSettings, policySettings, updateFreeze, updateWindow } from "./governance-settings.ts";
import { ledgerSettings } from "./ledger-settings.ts";
import { notifySettings } from "./notify-settings.ts";
import { rehearsalSettings } from "./rehearsal-settings.ts";
import { sandboxSettings, slotSandboxSettings } from "./sandbox-settings.ts";
import { selfSettings } from "./self-settings.ts";
import { addressRange, command, duration, hostAndPort, jsonPointer, pattern, port, portRange, relativePath, size, variable } from "./setting-values.ts";
import { sourceSettings } from "./source-settings.ts";
import { taskSettings } from "./task-settings.ts";
import { healthCheckCommand, jobSettings, testSettings, validationSettings } from "./validation-settings.ts";
import { versionRule } from "./version-settings.ts";
import { watchSettings } from "./watch-settings.ts";

/**
 * What `instar.yaml` may say. The one description: the parser, the JSON Schema for editors and the commented file that
 * `instar init` writes all come from it.
 */
const agentSettings = z.strictObject({
  start: command.describe("How the agent starts"),
  directory: relativePath.default(".").describe("The agent's folder inside the repository (monorepos)"),
  path: z.array(z.string()).optional().describe("Where programs are looked for, first to last: the agent's own runtime, never Instar's"),
  environment: z.record(variable, z.string()).default({}).describe("Variables the agent gets"),
  environmentFile: z
    .string()
    .min(1)
    .optional()
    .describe("A file of NAME=value lines, read at every start; kept out of the ledger; a relative path counts from the folder of this file"),
  port: z
    .union([z.literal("none"), z.literal("given"), port])
    .default("given")
    .describe("given: Instar tells it by a variable; a number: it always listens there; none: it has no port"),
  portVariable: variable.default("PORT").describe("The variable that names the port"),
  slotPorts: z
    .strictObject({ blue: portRange.prefault("8000-8999"), green: portRange.prefault("9000-9999") })
    .prefault({})
    .describe("Where a port that is given comes from: two ranges, because old and new version may run side by side"),
  stopSignal: z.enum(["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"]).default("SIGTERM"),
  stopWithin: duration.prefault("10s").describe("How long it may take to stop before it is killed"),
  sandbox: slotSandboxSettings.prefault({}).describe("What the running agent may reach; open: whatever Instar's user may"),
});

const installSettings = z.strictObject({
  command: command.describe("Brings the dependencies; runs once per lockfile"),
  lockfiles: z.array(relativePath).min(1).describe("What the dependencies depend on"),
  produces: z.array(relativePath).min(1).describe("The folders it makes"),
  share: z
    .enum(["copy", "link"])
    .default("copy")
    .describe("copy: each release has its own; link: installed once at a path of its own and linked (Python's venv cannot be moved)"),
  allowScripts: z.array(z.string()).default([]).describe("npm packages whose install scripts may run"),
  registries: z
    .array(hostAndPort)
    .optional()
    .describe("The only hosts that installing may reach, as host or host:port (default: the public registry of the package manager that is used)"),
  within: duration.prefault("10m"),
});

const healthSettings = z.strictObject({
  http: z
    .strictObject({
      path: z.string().startsWith("/").describe("Asked on the agent's own port; any 2xx counts, unless body says more"),
      body: pattern.optional().describe("A regular expression that the answer must match"),
    })
    .optional(),
  heartbeat: z
    .strictObject({ file: z.string().min(1), within: duration })
    .optional()
    .describe("A file the agent touches; older than this is unhealthy"),
  log: z.strictObject({ ready: pattern, failed: pattern.optional() }).optional().describe("Patterns in the agent's output"),
  command: z
    .strictObject({ run: command, within: duration.prefault("10s") })
    .optional()
    .describe("A program that exits 0 while the agent is well"),
  version: z
    .strictObject({
      path: z.string().startsWith("/").describe("Asked of the running process"),
      at: jsonPointer.describe("Where in the JSON answer the version stands, as a JSON Pointer: /version"),
    })
    .optional()
    .describe("Where the running process says which version it is; an answer that names another version, or none, is a failure"),
  before: z.array(healthCheckCommand).default([]).describe("Commands of your own, run before an exchange beside the built-in checks"),
  after: z.array(healthCheckCommand).default([]).describe("Commands of your own, run after an exchange beside the built-in checks"),
  readyWithin: duration.prefault("60s").describe("How long a start may take"),
});

const stateSettings = z.strictObject({
  kind: z.enum(["exclusive", "external", "none"]).default("exclusive").describe("exclusive: one process may open it; external: a database elsewhere; none"),
  directory: z.string().min(1).optional().describe("The agent's state folder; a relative one counts from the folder of this file"),
  variable: variable.optional().describe("The variable that tells the agent where it is"),
  onRollback: z
    .enum(["keep", "restore"])
    .default("keep")
    .describe("keep: state goes back only where the old version cannot run on the new one; restore: always"),
  copy: z
    .strictObject({ run: command, within: duration.prefault("5m") })
    .optional()
    .describe("The agent's own way to a quiet copy while it runs: a command of the serving release that fills the folder {copy}"),
  preflight: z
    .strictObject({
      run: command.describe("Asked of the candidate in the sandbox; {state} is a copy"),
      at: jsonPointer.describe("Where in its JSON answer the word stands"),
      exact: z.array(z.string()).default(["exact"]).describe("Words that mean: it runs on that state as it is"),
      migrates: z.array(z.string()).default(["migration-required"]).describe("Words that mean: it runs, and changes the state for good"),
      incompatible: z.array(z.string()).default(["incompatible"]).describe("Words that mean: it does not run on it"),
      within: duration.prefault("60s"),
    })
    .optional()
    .describe("The agent's own answer to whether a build can run on a state; asked of the new version, and of the old one about what the new one left"),
  writesThatMayBeLost: z.int().min(0).default(0).describe("State goes back by itself only if at most this many acknowledged writes came since"),
});

const tlsSettings = z.strictObject({
  certificate: z
    .string()
    .min(1)
    .describe("A file in PEM: the server's own certificate, then those that vouch for it; a relative path counts from the folder of this file"),
  key: z.string().min(1).describe("A file in PEM: its private key, without a passphrase"),
});

const frontSettings = z.strictObject({
  port: port.describe("The port people use; it stays while the agent changes"),
  host: z.string().default("127.0.0.1"),
  public: z
    .boolean()
    .default(false)
    .describe(
      "Needed for a host beyond this machine: to the agent every request comes from loopback, so what it allows to local callers it then allows to everyone",
    ),
  tls: tlsSettings.optional().describe("The front speaks HTTPS, and nothing else; the files are read again when they change"),
  health: z
    .union([z.literal(false), z.string().regex(/^\/[\w./~-]*$/, "must be a path such as /.instar/front, or false")])
    .default("/.instar/front")
    .describe("Where the front answers for itself, also while requests are held; false: nowhere"),
  tells: z
    .array(z.enum(["x-forwarded", "forwarded", "proxy-v1", "proxy-v2"]))
    .default(["x-forwarded"])
    .describe("How the agent is told who asked: X-Forwarded-* lines, Forwarded (RFC 7239), or the PROXY protocol where the agent understands it"),
  trustedProxies: z.array(addressRange).default([]).describe("Proxies before the front whose word on who asked is believed"),
  stickBy: z
    .union([z.literal("address"), z.strictObject({ cookie: z.string().min(1) }), z.strictObject({ header: z.string().min(1) })])
    .default("address")
    .describe("What decides which version a caller meets while a share goes to the new one: the caller's address, a cookie or a header"),
  hold: z
    .strictObject({
      requests: z.int().min(0).default(1_000),
      bytes: size.prefault("64MiB"),
      time: duration.prefault("30s"),
    })
    .prefault({})
    .describe("How much may wait during an exchange; beyond it 503 with Retry-After"),
});

const smokeCheck = z.strictObject({
  path: z.string().startsWith("/").describe("Asked of the new version on its own port, before any request goes there"),
  status: z.int().min(100).max(599).optional().describe("What it must answer; any 2xx where this is left out"),
  body: pattern.optional().describe("A regular expression that the answer must match"),
});

const exchangeSettings = z.strictObject({
  strategy: z
    .enum(["auto", "recreate", "blue-green"])
    .default("auto")
    .describe(
      "recreate: the old version ends before the new one starts, requests wait; blue-green: both run and traffic moves; auto: blue-green where that is safe",
    ),
  smoke: z.array(smokeCheck).default([]).describe("What the new version must answer before it serves, besides its health checks"),
  drain: duration.prefault("30s").describe("blue-green: how long requests in flight may take on the version that was replaced before they are cut"),
  warm: z.boolean().default(true).describe("blue-green: the old version keeps running until the new one is committed, so that going back takes no start"),
  sockets: z
    .strictObject({ group: z.int().min(1).default(5), within: duration.prefault("10s") })
    .prefault({})
    .describe("WebSockets are told to reconnect (close code 1012) in groups of this size, all of them within this time"),
  trial: z
    .strictObject({
      share: z.number().gt(0).lt(1).describe("Of the callers, chosen by front.stickBy"),
      time: duration.prefault("5m"),
      requests: z.int().min(1).default(50).describe("And at least this many requests of the new version"),
    })
    .optional()
    .describe("blue-green: only this share of the callers meets the new version first; if it misbehaves there, nobody else does"),
});

const gate = z.enum(["off", "reported", "no-worse", "required"]);

const analysisSettings = z.strictObject({
  within: duration.prefault("5m").describe("How long working out what a change touches may take"),
  conflicts: z
    .enum(CONFLICT_STRATEGIES)
    .default("manual")
    .describe("Files of the running release that were changed by hand: keep them, take the update's, let git merge them, or ask a person"),
  checks: z
    .strictObject({
      syntax: gate.default("no-worse"),
      imports: gate.default("reported"),
      security: gate.default("reported"),
      types: gate.default("reported").describe("By the candidate's own TypeScript and tsconfig.json"),
      style: gate.default("reported").describe("By the candidate's own linter, else oxlint"),
      complexity: gate.default("reported"),
      within: duration.prefault("5m").describe("How long a check that runs a program may take"),
    })
    .prefault({})
    .describe(
      "What is asked of the code without running it. no-worse: what the change made worse refuses it; required: so does what could not be asked; reported: it raises the risk",
    ),
});

export const settingsSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits and dashes")
    .describe("The instance's name; its data folder is called so"),
  source: sourceSettings,
  agent: agentSettings,
  install: installSettings.optional(),
  build: jobSettings.optional(),
  tests: testSettings.optional().describe("Without tests nothing proceeds by itself; the unit tests among the stages of validation"),
  sandbox: sandboxSettings.prefault({}).describe("Where jobs run: installing, building, checking, testing, rehearsing"),
  validation: validationSettings.prefault({}).describe("The seven stages that a candidate goes through before it is rehearsed"),
  rehearsal: rehearsalSettings.prefault({}).describe("The candidate started aside, on a copy of the state, while the old version serves"),
  health: healthSettings.prefault({}),
  state: stateSettings.prefault({}),
  front: frontSettings.optional().describe("Left out for agents without a port"),
  exchange: exchangeSettings.prefault({}),
  updates: z
    .strictObject({
      automatic: z.enum(["never", "patch", "minor", "major"]).default("patch").describe("Up to which bump an update proceeds by itself"),
      breaker: z.int().min(0).default(3).describe("After so many updates in a row that had to go back none begins by itself until a person resumes; 0: never"),
      rules: z
        .array(versionRule)
        .default([])
        .describe("What proceeds by itself, by bump, source and kind; the first that fits decides, and without one `automatic` does"),
      perDay: z.int().min(1).optional().describe("At most so many updates begin by themselves within 24 hours"),
      windows: z.array(updateWindow).default([]).describe("Updates proceed by themselves only within these; empty: at any time"),
      freezes: z.array(updateFreeze).default([]).describe("Times in which no update proceeds by itself"),
    })
    .prefault({}),
  approvals: approvalSettings.prefault({}).describe("When people are asked before an update proceeds"),
  decision: decisionSettings.prefault({}).describe("Who is heard before an update proceeds: the policies, or a language model besides"),
  policy: policySettings.prefault({}).describe("Policies of your own on which update may proceed, and who may do what"),
  analysis: analysisSettings.prefault({}).describe("What a change touches, before anything of it runs"),
  watch: watchSettings.prefault({}),
  backup: backupSettings.prefault({}),
  self: selfSettings.optional().describe("An agent that may change its own code, in two folders of its own; without this section it may not"),
  tasks: taskSettings.prefault({}).describe("What keeps scheduled tasks within bounds"),
  notify: notifySettings.prefault({}).describe("Who is told when something went wrong or waits for a person"),
  door: doorSettings.prefault({}).describe("Where the command line and the web console reach Instar itself"),
  ledger: ledgerSettings.prefault({}).describe("Where the ledger's entries lie as they grow old"),
  keep: z
    .strictObject({
      releases: z.int().min(2).default(5).describe("How many releases stay on disk"),
      snapshots: z.int().min(1).default(10).describe("How many snapshots stay; tagged ones are not counted, and stay"),
      snapshotDays: z.int().min(1).optional().describe("Snapshots older than this go too; never the newest, nor one with a tag, nor what a way back needs"),
      reserve: size.prefault("64MiB").describe("Disk space set aside so that going back works on a full disk"),
    })
    .prefault({}),
});

export type Settings = z.output<typeof settingsSchema>;
/** As a person writes it. */
export type SettingsFile = z.input<typeof settingsSchema>;
export type Command = Settings["agent"]["start"];
