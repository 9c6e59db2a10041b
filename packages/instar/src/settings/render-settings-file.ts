import type { SettingsFile } from "./settings.ts";

/**
 * The text of an `instar.yaml` with a comment in a person's words on each section. What is not set is there too, commented
 * out with its default or an example. Parsing the text gives the same settings as the values themselves.
 *
 * @param schema address or path of the JSON Schema, for editors
 */
export function renderSettingsFile(file: SettingsFile, { schema }: { readonly schema: string }): string {
  const head = [
    `# yaml-language-server: $schema=${schema.replaceAll(/\s/g, "%20")}`,
    ...comment("", HEAD),
    "",
    ...(file.$schema === undefined ? [] : [`$schema: ${flow(file.$schema)}`]),
  ];
  return `${[...head, `version: ${file.version}`, "", ...NAME.map((line) => `# ${line}`), `name: ${flow(file.name)}`, ...SECTIONS.flatMap((section) => renderSection(section, file))].join("\n")}\n`;
}

const HEAD = [
  "How Instar keeps this agent alive while it changes. Durations are written 30s, 5m, 1h or 3d; sizes 64MiB.",
  "A line that begins with # directly before its name is an example, or what holds when it is left out.",
];
const NAME = ["What this instance is called; its data folder has this name. Changing it means a new instance."];

type SectionName = Exclude<keyof SettingsFile, "$schema" | "version" | "name">;

interface Section {
  readonly name: SectionName;
  readonly words: readonly string[];
  /** Each key with an example, and with words where its name does not say enough. */
  readonly keys: readonly { readonly name: string; readonly example: unknown; readonly words?: string }[];
}

const SECTIONS: readonly Section[] = [
  {
    name: "source",
    words: ["Where new versions come from: any address or folder that git can fetch from."],
    keys: [
      { name: "git", example: "https://example.org/agent.git" },
      { name: "branch", example: "main" },
      { name: "tag", example: "v*", words: "Instead of a branch: only tags of this pattern, the highest version first." },
      { name: "checkEvery", example: "5m", words: "How often to ask for something new." },
    ],
  },
  {
    name: "agent",
    words: ["How the agent runs. It gets nothing of your shell but what stands here, and HOME, USER, LANG, TZ and the like."],
    keys: [
      {
        name: "start",
        example: ["node", "server.js"],
        words: "A list is started as it is, one line goes through the shell. {port}, {state} and {release} are filled in.",
      },
      { name: "directory", example: ".", words: "The agent's folder inside the repository." },
      { name: "path", example: ["/usr/local/bin", "/usr/bin", "/bin"], words: "Where its programs are, first to last: the agent's own runtime." },
      { name: "environment", example: { LOG_LEVEL: "info" } },
      { name: "environmentFile", example: ".env", words: "NAME=value lines, read at each start and never recorded: the place for secrets." },
      { name: "port", example: "given", words: "given: Instar says it in portVariable; a number: fixed in the code; none: the agent has no port." },
      { name: "portVariable", example: "PORT" },
      { name: "slotPorts", example: { blue: "8000-8999", green: "9000-9999" }, words: "Where a given port comes from." },
      { name: "stopSignal", example: "SIGTERM" },
      { name: "stopWithin", example: "10s", words: "After this it is killed." },
    ],
  },
  {
    name: "install",
    words: ["What brings the dependencies, at the top of the repository. It runs again only when a lockfile changes."],
    keys: [
      { name: "command", example: "npm ci" },
      { name: "lockfiles", example: ["package-lock.json"] },
      { name: "produces", example: ["node_modules"] },
      { name: "share", example: "copy", words: "copy: each release has its own; link: it stays where it was made (a venv of Python cannot be moved)." },
      { name: "allowScripts", example: [], words: "npm packages whose install scripts may run." },
      { name: "within", example: "10m" },
    ],
  },
  {
    name: "build",
    words: ["What makes the sources into something that starts."],
    keys: [
      { name: "command", example: "npm run build" },
      { name: "within", example: "10m" },
    ],
  },
  {
    name: "tests",
    words: ["What a new version must pass before it serves. Without tests nothing proceeds by itself: `instar update apply --untested` takes each."],
    keys: [
      { name: "command", example: "npm test" },
      { name: "within", example: "10m" },
      { name: "freeMemory", example: "96MiB", words: "So much memory must be free before they run beside the agent." },
    ],
  },
  {
    name: "health",
    words: ["How Instar can tell that the agent is well. An agent without a port needs a heartbeat, a log line or a command."],
    keys: [
      {
        name: "http",
        example: { path: "/healthz" },
        words: "Asked at the agent's own port: any 2xx counts; with body, the answer must match that pattern too.",
      },
      { name: "heartbeat", example: { file: "heartbeat", within: "1m" }, words: "A file that the agent touches." },
      { name: "log", example: { ready: "ready", failed: "FATAL" }, words: "Patterns in its output." },
      { name: "command", example: { run: "./is-well", within: "10s" }, words: "A program that exits with 0." },
      { name: "readyWithin", example: "60s", words: "How long a start may take." },
    ],
  },
  {
    name: "state",
    words: [
      "What the agent must not lose. exclusive: a folder that one process may open, backed up before each exchange;",
      "external: a database elsewhere, which is yours to back up; none: it keeps nothing.",
    ],
    keys: [
      { name: "kind", example: "exclusive" },
      { name: "directory", example: "data" },
      { name: "variable", example: "DATA_DIR", words: "The variable that tells the agent where its state is." },
      { name: "onRollback", example: "keep", words: "keep: state goes back only where the old version cannot run on the new one; restore: always." },
      { name: "writesThatMayBeLost", example: 0, words: "State goes back by itself only if at most this many acknowledged writes came since." },
    ],
  },
  {
    name: "front",
    words: [
      "The port that people use; it stays while the agent changes. 127.0.0.1 is this machine only.",
      "Take care before you open it: through the front every caller comes from this machine, so an agent that trusts",
      "callers from loopback would trust everybody.",
    ],
    keys: [
      { name: "port", example: 8080 },
      { name: "host", example: "127.0.0.1" },
      { name: "public", example: false, words: "true opens it beyond this machine, together with host." },
      {
        name: "tls",
        example: { certificate: "/etc/letsencrypt/live/example.org/fullchain.pem", key: "/etc/letsencrypt/live/example.org/privkey.pem" },
        words: "HTTPS instead of HTTP; a renewed certificate is taken up by itself.",
      },
      { name: "health", example: "/.instar/front", words: "The front's own health page, answered also while requests wait; false: none." },
      { name: "tells", example: ["x-forwarded"], words: "How the agent learns who asked: x-forwarded, forwarded, proxy-v1 or proxy-v2." },
      { name: "trustedProxies", example: [], words: "Proxies before the front that are believed about it." },
      { name: "stickBy", example: "address", words: "Who stays with which version during a trial: address, { cookie: NAME } or { header: NAME }." },
      {
        name: "hold",
        example: { requests: 1000, bytes: "64MiB", time: "30s" },
        words: "How much may wait during an exchange; beyond it callers are asked to come again.",
      },
    ],
  },
  {
    name: "exchange",
    words: [
      "How old and new change places. recreate: requests wait while the old one ends and the new one starts. blue-green: the new",
      "one starts beside the old one and takes the requests over; for agents whose state is external or none, and which do nothing",
      "by themselves that must not be done twice (polling, timers): while both run, both do it. auto takes it for such agents.",
    ],
    keys: [
      { name: "strategy", example: "auto" },
      { name: "smoke", example: [{ path: "/api/ping", status: 200 }], words: "What the new version must answer before it serves." },
      { name: "drain", example: "30s", words: "blue-green: how long requests in flight may finish on the old one." },
      { name: "warm", example: true, words: "blue-green: the old one stays running while the new one is watched." },
      { name: "sockets", example: { group: 5, within: "10s" }, words: "WebSockets are told to reconnect in groups." },
      { name: "trial", example: { share: 0.1, time: "5m", requests: 50 }, words: "blue-green: first only this share of the callers." },
    ],
  },
  {
    name: "updates",
    words: ["Up to which step an update that passed everything proceeds by itself: never, patch, minor or major."],
    keys: [{ name: "automatic", example: "patch" }],
  },
  {
    name: "analysis",
    words: [
      "What a change touches is worked out before anything of it runs; `instar impact` shows it.",
      "A check that is no-worse refuses what got worse; required also what could not be asked; reported only raises the risk.",
    ],
    keys: [
      { name: "within", example: "5m", words: "How long working it out may take." },
      { name: "review", example: "advised", words: "required: a change of high or critical impact waits for `instar update apply`." },
      {
        name: "conflicts",
        example: "manual",
        words: "Files of the running release changed by hand: manual (a person decides), local-wins, update-wins or merge.",
      },
      {
        name: "checks",
        example: { syntax: "no-worse", imports: "reported", security: "reported", types: "reported", style: "reported", complexity: "reported", within: "5m" },
        words: "required, no-worse, reported or off; types and style by the candidate's own compiler and linter.",
      },
    ],
  },
  {
    name: "watch",
    words: ["How long a new version is watched before it is kept. If it misbehaves, the old one comes back."],
    keys: [
      { name: "time", example: "1h" },
      { name: "requests", example: 200, words: "And at least this many requests (0 for an agent without a port)." },
      { name: "errorShare", example: 0.1, words: "More failures than this share, beyond doubt, puts the old version back." },
    ],
  },
  {
    name: "keep",
    words: ["What stays on disk to go back to."],
    keys: [
      { name: "releases", example: 5 },
      { name: "snapshots", example: 5 },
      { name: "reserve", example: "64MiB", words: "Set aside, so that going back works on a full disk." },
    ],
  },
];

function renderSection({ name, words, keys }: Section, file: SettingsFile): string[] {
  const values: Readonly<Record<string, unknown>> = file[name] ?? {};
  // A mapping in which every line is a comment would be no mapping: then its name is a comment too.
  const mark = keys.some((key) => values[key.name] !== undefined) ? "" : "#";
  const lines = keys.flatMap((key) => {
    const value = values[key.name];
    const above = key.words === undefined ? [] : [`${mark === "" ? "  # " : "#   # "}${key.words}`];
    return [...above, value === undefined ? `${mark === "" ? "  #" : "#  "}${key.name}: ${flow(key.example)}` : `  ${key.name}: ${flow(value)}`];
  });
  return ["", ...comment("", words), `${mark}${name}:`, ...lines];
}

function comment(indent: string, words: readonly string[]): string[] {
  return words.map((line) => `${indent}# ${line}`);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return entries.length === 0 ? "{}" : `{ ${entries.map(([key, inner]) => `${flow(key)}: ${flow(inner)}`).join(", ")} }`;
  }
  return typeof value === "string" ? scalar(value) : String(value);
}

/** Plain only where no reader of any YAML could take it for something else; JSON's quotes are YAML's otherwise. */
function scalar(text: string): string {
  const isPlain = PLAIN.some((pattern) => pattern.test(text)) && !/^(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i.test(text);
  return isPlain
    ? text
    : JSON.stringify(text).replaceAll(
        /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
}

const PLAIN = [/^(?:[A-Za-z/]|\.[a-z]|\.{1,2}\/)[\w./@+-]*(?::\/\/[\w./@+-]+)?(?: [\w./@+-]+)*$/, /^\.$/, /^\d+(?:ms|s|m|h|d|KiB|MiB|GiB)$/];
