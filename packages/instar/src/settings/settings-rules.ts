import { type Draft, listed, type SettingsRule } from "./settings-rule.ts";
import { SOURCE_RULES } from "./source-rules.ts";

/**
 * What one key says about another. They look at the file as written and not at parsed settings, so that a misspelt key
 * and a contradiction are reported together.
 */
export const SETTINGS_RULES: readonly SettingsRule[] = [
  ...SOURCE_RULES,
  {
    at: ["validation", "unit_tests"],
    says: "tests and validation.unit_tests are the same stage: write its command in one of them",
    isBroken: (draft) => draft("tests") !== undefined && draft("validation", "unit_tests", "command") !== undefined,
  },
  {
    at: ["state", "copy"],
    says: "state.copy copies state.directory, and there is none",
    isBroken: (draft) => draft("state", "copy") !== undefined && draft("state", "directory") === undefined,
  },
  {
    at: ["state", "copy", "run"],
    says: "the command does not use {copy}, the folder that it is to fill",
    isBroken: (draft) => draft("state", "copy", "run") !== undefined && !usesPlaceholder(draft("state", "copy", "run"), "copy"),
  },
  {
    at: ["decision", "engine"],
    says: "an engine that asks a model needs decision.model: say which one is asked",
    isBroken: (draft) => ["model", "hybrid"].includes(String(draft("decision", "engine"))) && draft("decision", "model") === undefined,
  },
  {
    at: ["decision", "model", "baseUrl"],
    says: "provider openai-compatible needs baseUrl: where the model is asked",
    isBroken: (draft) => draft("decision", "model", "provider") === "openai-compatible" && draft("decision", "model", "baseUrl") === undefined,
  },
  {
    at: ["decision", "model", "keyVariable"],
    says: "the key's variable is looked for in agent.environmentFile, and there is none",
    isBroken: (draft) => draft("decision", "model", "keyVariable") !== undefined && draft("agent", "environmentFile") === undefined,
  },
  {
    at: ["decision", "model", "keyVariable"],
    says: "a key would go over the network in the clear: write an https baseUrl, or one on this machine",
    isBroken: (draft) =>
      draft("decision", "model", "keyVariable") !== undefined &&
      /^http:\/\/(?!127\.|localhost[:/]|\[::1\])/i.test(String(draft("decision", "model", "baseUrl"))),
  },
  {
    at: ["decision", "model"],
    says: "provider anthropic needs keyVariable: the variable of agent.environmentFile that holds the key",
    isBroken: (draft) =>
      draft("decision", "model", "provider") === "anthropic" &&
      draft("decision", "model", "baseUrl") === undefined &&
      draft("decision", "model", "keyVariable") === undefined,
  },
  {
    at: ["updates", "freezes"],
    says: "a freeze ends before it begins",
    isBroken: (draft) =>
      listed(draft("updates", "freezes")).some(
        (freeze) => isMapping(freeze) && typeof freeze.from === "string" && typeof freeze.to === "string" && Date.parse(freeze.to) <= Date.parse(freeze.from),
      ),
  },
  {
    at: ["backup", "databases"],
    says: "two databases have the same name",
    isBroken: (draft) => hasTwice(listed(draft("backup", "databases")).map((database) => (isMapping(database) ? database.name : undefined))),
  },
  {
    at: ["backup", "databases"],
    says: "a postgres database needs either url or urlVariable, and not both",
    isBroken: (draft) =>
      listed(draft("backup", "databases")).some(
        (database) => isMapping(database) && database.kind === "postgres" && (database.url === undefined) === (database.urlVariable === undefined),
      ),
  },
  {
    at: ["backup", "databases"],
    says: "an address with a password belongs into agent.environmentFile: name its variable with urlVariable",
    isBroken: (draft) => listed(draft("backup", "databases")).some((database) => isMapping(database) && holdsPassword(database.url)),
  },
  {
    at: ["backup", "databases"],
    says: "dump and restore belong together: what one tool wrote, the other must read",
    isBroken: (draft) =>
      listed(draft("backup", "databases")).some((database) => isMapping(database) && (database.dump === undefined) !== (database.restore === undefined)),
  },
  {
    at: ["backup", "databases"],
    says: "the command does not use {copy}, the file that it is to write or read",
    isBroken: (draft) =>
      listed(draft("backup", "databases")).some(
        (database) => isMapping(database) && [database.dump, database.restore].some((command) => command !== undefined && !usesPlaceholder(command, "copy")),
      ),
  },
  {
    at: ["agent", "sandbox", "network"],
    says: "without a network nobody reaches the agent's port: write network: host, or port: none",
    isBroken: (draft) => draft("agent", "sandbox", "level") === "sandboxed" && draft("agent", "sandbox", "network") === "none" && !isPortless(draft),
  },
  {
    at: ["health", "version"],
    says: "health.version asks the agent's port, and this agent has none",
    isBroken: (draft) => isPortless(draft) && draft("health", "version") !== undefined,
  },
  {
    at: ["rehearsal", "things"],
    says: "each of rehearsal.things is asked by a path or by a command (run): write one of the two",
    isBroken: (draft) => listed(draft("rehearsal", "things")).some((thing) => isMapping(thing) && (thing.path === undefined) === (thing.run === undefined)),
  },
  {
    at: ["agent", "port"],
    says: "an agent without a port needs health.heartbeat, health.log or health.command: nothing else would tell whether it is well",
    isBroken: (draft) => isPortless(draft) && ["heartbeat", "log", "command"].every((way) => draft("health", way) === undefined),
  },
  {
    at: ["front"],
    says: "an agent with port: none has nothing that a front could lead to; remove front, or say which port the agent has",
    isBroken: (draft) => isPortless(draft) && draft("front") !== undefined,
  },
  {
    at: ["front"],
    says: "front is missing: say at front.port where people reach the agent, or agent.port: none if it has no port",
    isBroken: (draft) => hasPort(draft) && draft("front") === undefined,
  },
  {
    at: ["front", "port"],
    says: "front.port must differ from agent.port: the front and the agent cannot listen at the same place",
    isBroken: (draft) => {
      const fixed = draft("agent", "port");
      return typeof fixed === "number" && fixed === draft("front", "port") && isAgentsHost(draft("front", "host"));
    },
  },
  {
    at: ["front", "host"],
    says: "this opens the front beyond this machine, and to the agent every request would come from loopback: what it allows to local callers it would allow to everyone; write front.public: true if the agent asks everybody who they are",
    isBroken: (draft) => isMapping(draft("front")) && isBeyondLoopback(draft("front", "host")) && draft("front", "public") !== true,
  },
  {
    at: ["front", "tells"],
    says: "proxy-v1 and proxy-v2 exclude each other: a connection begins with one of them",
    isBroken: (draft) => ["proxy-v1", "proxy-v2"].every((way) => listed(draft("front", "tells")).includes(way)),
  },
  {
    at: ["agent", "slotPorts"],
    says: "the two ranges overlap: old and new version would reach for the same port",
    isBroken: (draft) => overlap(draft("agent", "slotPorts", "blue") ?? "8000-8999", draft("agent", "slotPorts", "green") ?? "9000-9999"),
  },
  {
    at: ["exchange", "strategy"],
    says: "blue-green runs two versions side by side, and an exclusive state (the default) may be opened by one only: write state.kind: external or none, or strategy: recreate",
    isBroken: (draft) =>
      isBlueGreen(draft) && (draft("state") === undefined || (isMapping(draft("state")) && (draft("state", "kind") ?? "exclusive") === "exclusive")),
  },
  {
    at: ["exchange", "strategy"],
    says: "blue-green runs two versions side by side, and this agent's port is fixed: let it take the port that Instar gives (port: given), or write strategy: recreate",
    isBroken: (draft) => isBlueGreen(draft) && typeof draft("agent", "port") === "number",
  },
  {
    at: ["exchange", "strategy"],
    says: "blue-green moves requests from one version to another, and an agent without a port gets none: write strategy: recreate",
    isBroken: (draft) => isBlueGreen(draft) && isPortless(draft),
  },
  {
    at: ["exchange", "trial"],
    says: "a trial runs two versions side by side, so it needs blue-green: state.kind external or none, and a port that Instar gives",
    isBroken: (draft) => isMapping(draft("exchange", "trial")) && !mayRunBesideItself(draft),
  },
  {
    at: ["exchange", "smoke"],
    says: "smoke checks ask the agent's port, and this agent has none",
    isBroken: (draft) => isPortless(draft) && Array.isArray(draft("exchange", "smoke")) && listed(draft("exchange", "smoke")).length > 0,
  },
  {
    at: ["health", "http"],
    says: "health.http asks the agent's port, and this agent has none",
    isBroken: (draft) => isPortless(draft) && draft("health", "http") !== undefined,
  },
  {
    at: ["watch", "requests"],
    says: "an agent without a port gets no requests to count: write requests: 0, or leave it out",
    isBroken: (draft) => {
      const requests = draft("watch", "requests");
      return isPortless(draft) && requests !== undefined && requests !== 0;
    },
  },
  {
    at: ["watch", "metrics"],
    says: "each of watch.metrics is shown to Prometheus (prometheus) or printed by a command (run): write one of the two",
    isBroken: (draft) =>
      listed(draft("watch", "metrics")).some((metric) => isMapping(metric) && (metric.prometheus === undefined) === (metric.run === undefined)),
  },
  {
    at: ["watch", "metrics"],
    says: "two of watch.metrics have the same name",
    isBroken: (draft) => hasTwice(listed(draft("watch", "metrics")).map((metric) => (isMapping(metric) ? metric.name : undefined))),
  },
  {
    at: ["watch", "metrics"],
    says: "this agent has no port of its own: say at prometheus.port where its metrics are shown",
    isBroken: (draft) =>
      isPortless(draft) &&
      listed(draft("watch", "metrics")).some((metric) => isMapping(metric) && isMapping(metric.prometheus) && metric.prometheus.port === undefined),
  },
  {
    at: ["state", "directory"],
    says: "state.directory is missing: an exclusive state (the default) is a folder; write kind: none if the agent keeps nothing",
    isBroken: (draft) =>
      (draft("state") === undefined || isMapping(draft("state"))) &&
      (draft("state", "kind") ?? "exclusive") === "exclusive" &&
      draft("state", "directory") === undefined,
  },
  {
    at: ["state", "variable"],
    says: "state.variable tells the agent where state.directory is, and there is no state.directory",
    isBroken: (draft) =>
      ["external", "none"].includes(draft("state", "kind") as string) && draft("state", "variable") !== undefined && draft("state", "directory") === undefined,
  },
  {
    at: ["state", "directory"],
    says: "'~' is not filled in here: write the whole path",
    isBroken: (draft) => beginsAtHome(draft("state", "directory")),
  },
  {
    at: ["agent", "environmentFile"],
    says: "'~' is not filled in here: write the whole path",
    isBroken: (draft) => beginsAtHome(draft("agent", "environmentFile")),
  },
  {
    at: ["front", "tls", "certificate"],
    says: "'~' is not filled in here: write the whole path",
    isBroken: (draft) => beginsAtHome(draft("front", "tls", "certificate")),
  },
  {
    at: ["front", "tls", "key"],
    says: "'~' is not filled in here: write the whole path",
    isBroken: (draft) => beginsAtHome(draft("front", "tls", "key")),
  },
  {
    at: ["agent", "environment"],
    says: "agent.environment sets a variable that Instar sets itself: agent.portVariable, state.variable, or a name that begins with INSTAR_",
    isBroken: (draft) => {
      const environment = draft("agent", "environment");
      const own = [hasPort(draft) ? (draft("agent", "portVariable") ?? "PORT") : undefined, draft("state", "variable")];
      return isMapping(environment) && Object.keys(environment).some((name) => own.includes(name) || name.startsWith("INSTAR_"));
    },
  },
  {
    at: ["state", "variable"],
    says: "agent.portVariable and state.variable are the same variable",
    isBroken: (draft) => hasPort(draft) && draft("state", "variable") === (draft("agent", "portVariable") ?? "PORT"),
  },
  {
    at: ["agent", "start"],
    says: "the command uses {port}, and this agent has none",
    isBroken: (draft) => isPortless(draft) && usesPlaceholder(draft("agent", "start"), "port"),
  },
  {
    at: ["agent", "start"],
    says: "the command uses {state}, and there is no state.directory",
    isBroken: (draft) => usesPlaceholder(draft("agent", "start"), "state") && draft("state", "directory") === undefined,
  },
];

function isBlueGreen(draft: Draft): boolean {
  return draft("exchange", "strategy") === "blue-green";
}

function mayRunBesideItself(draft: Draft): boolean {
  return (
    draft("exchange", "strategy") !== "recreate" &&
    ["external", "none"].includes(draft("state", "kind") as string) &&
    (draft("agent", "port") ?? "given") === "given"
  );
}

/** A name may resolve to anything; only what is loopback beyond doubt is taken for it. */
function isBeyondLoopback(host: unknown): boolean {
  return typeof host === "string" && !/^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}

function overlap(...ranges: unknown[]): boolean {
  const [left, right] = ranges.map((range) => (typeof range === "string" && /^\d+-\d+$/.test(range) ? range.split("-").map(Number) : undefined));
  return left !== undefined && right !== undefined && (left[0] ?? 0) <= (right[1] ?? 0) && (right[0] ?? 0) <= (left[1] ?? 0);
}

function hasTwice(names: readonly unknown[]): boolean {
  const said = names.filter((name) => typeof name === "string");
  return new Set(said).size < said.length;
}

function holdsPassword(url: unknown): boolean {
  return typeof url === "string" && (/^[a-z]+:\/\/[^/@]*:[^/@]+@/i.test(url) || /[?&]password=/i.test(url) || /\bpassword\s*=/i.test(url));
}

function isPortless(draft: Draft): boolean {
  return draft("agent", "port") === "none";
}

function hasPort(draft: Draft): boolean {
  const port = draft("agent", "port");
  return isMapping(draft("agent")) && (port === undefined || port === "given" || typeof port === "number");
}

/** The agent is asked at loopback; a front at one other address of the machine may share the number. */
function isAgentsHost(host: unknown): boolean {
  return host === undefined || ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::", ""].includes(host as string);
}

function beginsAtHome(path: unknown): boolean {
  return typeof path === "string" && /^~($|[\\/])/.test(path);
}

function usesPlaceholder(command: unknown, name: string): boolean {
  const words = Array.isArray(command) ? command : [command];
  return words.some((word) => typeof word === "string" && new RegExp(`(?<!\\$)\\{${name}\\}`).test(word));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
