import { basename, join } from "node:path";
import type { SettingsFile } from "../settings.ts";
import type { Preset, PresetPlace } from "./preset.ts";

/**
 * OpenClaw as an agent: a folder under git whose package-lock.json pins it, so that a new version is a commit that bumps the pin. Each value was
 * measured on 2026.8.2 and 2026.9.5; `docs/openclaw.md` says what was seen. The version in package.json is OpenClaw's, because the running gateway
 * must name it.
 */
export function planOpenClawPreset(place: PresetPlace): Preset {
  const own = (program: string, ...args: string[]) => ["node", join(place.programs, program), ...args];
  return {
    seeds: planSeeds(place),
    answers: {
      ...(place.isRepository ? {} : { source: place.folder, branch: "main" }),
      start: "node start.mjs",
      install: "npm ci --ignore-scripts --no-audit --no-fund",
      lockfiles: "package-lock.json",
      produces: "node_modules",
      // Installed without scripts it completes itself when it is first started, by writing to its own folder: that must be over before it is sealed.
      build: "node node_modules/openclaw/openclaw.mjs --version && npm run build --if-present",
      tests: JSON.stringify(own("check-install.mjs")),
      port: "given",
      portVariable: "OPENCLAW_GATEWAY_PORT",
      frontPort: "18789",
      state: "state",
      stateVariable: "OPENCLAW_STATE_DIR",
    },
    complete: (settings) => completeSettings(settings, place, own),
    warnings: [
      "OpenClaw 2026.9 wants Node >=24.16 <25 or >=26.1: the first folder of agent.path that holds `node` must hold such a one.",
      "Port 18789 is OpenClaw's usual one: a gateway that runs there as a service must be stopped and disabled before `instar up`, and must never open this state again.",
      'To it whoever reaches the front is on this machine; what it asks of them is its token. Before front.public: true write front.tells: [x-forwarded] and, in openclaw.json, gateway.trustedProxies: ["127.0.0.1"].',
    ],
    next: [
      ...(place.isPinned ? [] : PIN),
      ...(place.isRepository ? [] : ["git init -b main"]),
      "git add package.json package-lock.json start.mjs .gitignore && git commit -m OpenClaw",
    ],
  };
}

function planSeeds({ folder, start, secret }: PresetPlace): Preset["seeds"] {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const manifest = { name: name === "" ? "openclaw-agent" : name, version: "0.0.0", private: true, type: "module", engines: { node: NODE } };
  const config = { gateway: { mode: "local", bind: "loopback", auth: { mode: "token", token: secret } }, update: { checkOnStart: false } };
  return [
    { path: "package.json", content: `${JSON.stringify(manifest, null, 2)}\n`, mode: 0o644 },
    { path: ".gitignore", content: "node_modules/\nstate/\n.env\n", mode: 0o644 },
    { path: "start.mjs", content: start, mode: 0o644 },
    // Without it the gateway does not start, and it holds the token that people log in with.
    { path: "state/openclaw.json", content: `${JSON.stringify(config, null, 2)}\n`, mode: 0o600 },
  ];
}

/** The lockfile is all that Instar needs of an installation; and package.json takes OpenClaw's version. */
const PIN = [
  "npm install --package-lock-only --ignore-scripts --save-exact openclaw@latest",
  "npm pkg set version=$(node -p \"require('./package-lock.json').packages['node_modules/openclaw'].version\")",
];
const NODE = ">=24.16.0 <25 || >=26.1.0";

function completeSettings(settings: SettingsFile, place: PresetPlace, own: (program: string, ...args: string[]) => string[]): SettingsFile {
  const asks = (...words: string[]) => ["node", "node_modules/openclaw/openclaw.mjs", ...words];
  return {
    ...settings,
    agent: {
      ...settings.agent,
      environment: {
        // Instar is the one who updates and restarts it; it neither looks for new versions nor repairs services.
        OPENCLAW_SUPERVISOR_MODE: "external",
        OPENCLAW_SERVICE_REPAIR_POLICY: "external",
        OPENCLAW_NO_AUTO_UPDATE: "1",
        NO_COLOR: "1",
        ...settings.agent.environment,
      },
      stopWithin: "60s",
    },
    ...(settings.tests === undefined ? {} : { tests: { ...settings.tests, runner: "tap", within: "2m" } }),
    sandbox: { readable: [place.programs] },
    health: {
      // By content: any page of it is 200.
      http: { path: "/readyz", body: '"ready":\\s*true' },
      version: { path: "/startupz", at: "/version" },
      after: [
        { name: "sessions", run: asks("sessions", "--json") },
        { name: "gateway", run: asks("health", "--json") },
      ],
      readyWithin: "3m",
    },
    state: {
      ...settings.state,
      copy: { run: own("copy-state.mjs", "{copy}") },
      preflight: {
        run: own("preflight.mjs", "{state}"),
        at: "/status",
        exact: ["exact"],
        migrates: ["startup-repairable", "migration-required"],
        incompatible: ["incompatible"],
      },
    },
    exchange: { ...settings.exchange, smoke: [{ path: "/", status: 200, body: "<html" }] },
    rehearsal: planRehearsal(asks),
    // It answers 403 to whoever a proxy on this machine says is on this machine. Without such lines callers are local to it, as without a front.
    front: { ...settings.front, port: settings.front?.port ?? 18_789, tells: [], hold: { time: "2m" } },
    watch: { requests: 0 },
    keep: { releases: 3 },
  };
}

function planRehearsal(asks: (...words: string[]) => string[]): NonNullable<SettingsFile["rehearsal"]> {
  return {
    probes: [
      { path: "/startupz", json: { "/ok": true, "/status": "started" } },
      { path: "/readyz", json: { "/ready": true } },
      { path: "/", status: 200, matches: "<html" },
    ],
    // The one question that shows a database which the new version left unopened: every page is green then.
    commands: [{ name: "sessions", run: asks("sessions", "--json") }],
    things: [
      { name: "plugins", run: asks("health", "--json"), at: "/plugins/loaded" },
      { name: "channels", run: asks("health", "--json"), at: "/channels" },
      { name: "jobs", run: asks("cron", "list", "--json"), at: "/jobs", key: "name" },
    ],
    requests: [{ path: "/" }, { path: "/readyz" }],
    // Its page names other files in every version.
    compareAnswers: "off",
    // Two good releases a month apart differed by 0.3.
    limits: { memory: 0.6 },
    logErrors: "\\b(ERROR|FATAL|CRITICAL|Unhandled|uncaught|ERR_[A-Z_]+|[A-Z][a-zA-Z]*(Error|Exception):)|continuing with degraded state|_DEGRADED\\]",
    // Its Doctor looks for a gateway too, and there is none yet.
    ignoreLog: ["Health check failed: GatewayTransportError: Gateway not reachable"],
  };
}
