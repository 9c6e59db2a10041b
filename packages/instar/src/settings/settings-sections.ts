// Long, because it is one list: every section of instar.yaml with its words and examples, in the order in which they are written.
import type { SettingsFile } from "./settings.ts";

type SectionName = Exclude<keyof SettingsFile, "$schema" | "version" | "name">;

export interface Section {
  readonly name: SectionName;
  readonly words: readonly string[];
  /** Each key with an example, and with words where its name does not say enough. */
  readonly keys: readonly { readonly name: string; readonly example: unknown; readonly words?: string }[];
}

export const SECTIONS: readonly Section[] = [
  {
    name: "source",
    words: ["Where new versions come from: git, npm, files of a folder, an address that tells, or signed releases; several are asked each on its own."],
    keys: [
      { name: "git", example: "https://example.org/agent.git" },
      { name: "branch", example: "main" },
      { name: "tag", example: "v*", words: "Instead of a branch: only tags of this pattern, the highest version first." },
      { name: "prereleases", example: false, words: "Whether tags such as v2.0.0-rc.1 count." },
      { name: "channel", example: "stable", words: "One of channels, instead of a branch or a tag." },
      { name: "channels", example: { stable: { tag: "v*" }, beta: { tag: "v*", prereleases: true }, next: { branch: "develop" } } },
      { name: "sshKey", example: "~/.ssh/deploy_key", words: "For a private remote by SSH." },
      { name: "tokenFile", example: "./git-token", words: "For a private remote by HTTPS: a file with the token, which is never shown." },
      { name: "tokenUser", example: "x-access-token", words: "The user name that goes with it: x-access-token at GitHub, oauth2 at GitLab." },
      {
        name: "accept",
        example: ["none"],
        words:
          "Who must vouch for a version before anything in it runs: tuf, ssh, openpgp, npm-provenance, npm-signature, pinned-key, self (the agent itself); none: anybody's is taken.",
      },
      { name: "signers", example: { ssh: "./allowed-signers" }, words: "Who may sign commits and tags: files with SSH or OpenPGP keys." },
      { name: "npm", example: { package: "@example/agent", tag: "latest" }, words: "An agent that is distributed as a package of an npm registry." },
      { name: "files", example: { folder: "../agent" }, words: "A folder on this machine: what is changed in it becomes a version." },
      {
        name: "endpoint",
        example: { url: "https://example.org/agent/latest.json" },
        words: "An address that says which version there is and where its archive lies.",
      },
      {
        name: "registry",
        example: { url: "https://example.org/releases", root: "./root.json", component: "agent", channel: "stable" },
        words: "A repository of signed releases (TUF). Nothing is taken that its keys did not sign.",
      },
      {
        name: "webhooks",
        example: { port: 8787, github: { secretFile: "./github-secret", repositories: ["owner/agent"] } },
        words: "Who may say that there is something new.",
      },
      { name: "checkEvery", example: "5m", words: "How often to ask for something new." },
      { name: "checkAt", example: { cron: "0 4 * * *", timeZone: "Europe/Berlin" }, words: "Ask at these times instead." },
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
      {
        name: "sandbox",
        example: { level: "sandboxed", network: "host", home: "own", readable: [], writable: [] },
        words: "What the running agent may reach; open (default): whatever your user may.",
      },
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
      {
        name: "registries",
        example: ["registry.npmjs.org"],
        words: "The only hosts that installing reaches. One at a private address is written as address:port.",
      },
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
      {
        name: "runner",
        example: "auto",
        words: "Whose report is read: node, vitest, jest, mocha, pytest, unittest, behave, tap, junit; exit-status believes none.",
      },
      { name: "report", example: "build/junit.xml", words: "A report that the command writes itself: JUnit XML or TAP." },
      { name: "coverage", example: 80, words: "Percent of lines that must be covered." },
      { name: "retries", example: 1, words: "Tests that failed run again so often; one that then passes is called flaky." },
      { name: "flaky", example: "reported", words: "reported or refused." },
      { name: "leftBehind", example: "refused", words: "What is made of tests that leave processes running: refused or reported." },
      { name: "freeMemory", example: "96MiB", words: "So much memory must be free before they run beside the agent." },
    ],
  },
  {
    name: "sandbox",
    words: [
      "Where jobs run: installing, building, checking, testing and rehearsing a version that nobody has judged yet. They see the system, the",
      "agent's programs, the candidate and a scratch folder; no network but their own loopback (installing: its registry). `instar doctor` shows what",
      "is enforced here. Where the least for a job is not, it is refused, unless weaker: allowed stands here.",
    ],
    keys: [
      { name: "use", example: "auto", words: "auto, bubblewrap (Linux), sandbox-runtime (Linux, macOS) or none." },
      { name: "weaker", example: "refused", words: "allowed: goes on with less, and the update and the ledger say so." },
      {
        name: "least",
        example: { test: ["files", "network", "memory", "time"] },
        words: "What must be enforced for install, build, check, test, rehearse, instead of the defaults.",
      },
      { name: "readable", example: [], words: "Files and folders that jobs may read besides." },
      { name: "environment", example: {}, words: "Variables that jobs get besides, such as NODE_EXTRA_CA_CERTS." },
      { name: "limits", example: { memory: "2GiB", processes: 512, descriptors: 4096, disk: "2GiB" } },
    ],
  },
  {
    name: "validation",
    words: [
      "The seven stages that a candidate goes through. Each may have a command, a budget (within), a gate (required, advisory or off), a runner, a",
      "report, a coverage that it must reach, and retries. `tests` above is unit_tests.",
    ],
    keys: [
      { name: "syntax", example: { gate: "required" }, words: "Built in: every changed file parses." },
      { name: "static_analysis", example: { gate: "advisory" }, words: "Built in: types, style, imports, complexity." },
      { name: "unit_tests", example: { command: "npm test", within: "5m", gate: "required", coverage: 80 } },
      { name: "integration_tests", example: { command: "npm run test:integration", within: "10m", gate: "required" } },
      { name: "smoke_tests", example: { gate: "required" }, words: "Built in: the rehearsal's start." },
      { name: "performance_tests", example: { gate: "advisory" }, words: "Built in: the rehearsal's comparison." },
      { name: "security_scan", example: { command: "npm audit --offline", gate: "advisory" }, words: "Built in: dangerous calls, secrets, dependencies." },
      { name: "oldTests", example: "auto", words: "The running version's tests against the candidate: auto, required, reported or off." },
      { name: "parallel", example: 2 },
      { name: "cache", example: true, words: "What passed on the very same release is not run again." },
    ],
  },
  {
    name: "rehearsal",
    words: [
      "The candidate is started aside, in the sandbox, on a copy of the state, while the old version serves; so is the old version, to compare. Both",
      "are asked the same; then the old version is started on what the new one left, to know whether code alone can go back.",
    ],
    keys: [
      { name: "gate", example: "no-worse", words: "no-worse: what the old one can do there and the new one cannot refuses it; required, reported or off." },
      { name: "within", example: "5m" },
      { name: "stays", example: "2s", words: "How long it must stay up at least." },
      { name: "environment", example: {}, words: "Variables that win there: a test database, a test token." },
      { name: "environmentFile", example: "given", words: "given: only where the sandbox lets nothing out; or withheld." },
      { name: "probes", example: [{ path: "/version", json: { "/name": "agent" } }], words: "What it must answer: status, matches (a pattern), json." },
      { name: "commands", example: [{ name: "self-check", run: "./self-check {port}" }] },
      { name: "things", example: [{ name: "plugins", path: "/plugins", at: "/plugins", key: "id" }], words: "Of these none may be missing." },
      { name: "requests", example: [{ path: "/api/ping" }], words: "What both are asked, to compare answers and times." },
      { name: "ignore", example: ["/time"], words: "Parts of answers that may differ." },
      { name: "compareAnswers", example: "reported", words: "off, reported or required (a different answer refuses it)." },
      { name: "samples", example: 400, words: "At most so many requests to each." },
      {
        name: "limits",
        example: { latency: 0.2, throughput: 0.2, memory: 0.3, cpu: 0.25, eventLoop: 0.5, errors: 2 },
        words: "By how much it may be worse, beyond doubt.",
      },
      { name: "performance", example: "required" },
      { name: "logErrors", example: "\\b(ERROR|FATAL)\\b", words: "Lines of output that tell of an error: one that the old one does not write refuses it." },
      { name: "ignoreLog", example: [] },
      { name: "wayBack", example: true },
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
      { name: "version", example: { path: "/version", at: "/version" }, words: "Where the running process says which version it is." },
      { name: "before", example: [{ name: "disk-is-fast", run: "./check-disk" }], words: "Checks of your own before an exchange." },
      { name: "after", example: [{ name: "mail-flows", run: "./check-mail" }], words: "And after it." },
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
      { name: "copy", example: { run: "./backup {copy}" }, words: "The agent's own way to a quiet copy while it runs; else files and SQLite are copied." },
      {
        name: "preflight",
        example: { run: "./can-run {state} --json", at: "/status" },
        words: "The agent's own answer to whether a build runs on a state: exact, migrates or incompatible.",
      },
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
    keys: [
      { name: "automatic", example: "patch" },
      {
        name: "rules",
        example: [
          { bump: "minor", kind: "security", proceed: "automatic" },
          { source: "files", proceed: "ask" },
        ],
        words: "Finer than that, by bump, source and kind: the first that fits decides. automatic, ask or never.",
      },
      { name: "perDay", example: 4, words: "At most so many begin by themselves within 24 hours." },
      { name: "breaker", example: 3, words: "After so many in a row that had to go back none begins by itself: `instar update resume`. 0: never." },
      {
        name: "windows",
        example: [{ days: ["mon", "tue", "wed", "thu"], from: "02:00", to: "05:00", timeZone: "UTC" }],
        words: "Updates proceed by themselves only then.",
      },
      {
        name: "freezes",
        example: [{ from: "2026-12-20", to: "2027-01-06", because: "the end of the year" }],
        words: "And not then. A person who starts one is not held up.",
      },
    ],
  },
  {
    name: "approvals",
    words: ["Which updates wait for `instar update approve`, how many people it takes, and how long their word holds."],
    keys: [
      { name: "for", example: ["critical", "high"], words: "By impact (`instar impact`); critical ones always do." },
      { name: "quorum", example: 1, words: "How many people." },
      { name: "passkey", example: "required", words: "Only approvals count that a passkey signed in the console." },
      { name: "waitFor", example: "3d", words: "Then the update is refused." },
      { name: "validFor", example: "1d", words: "An approval counts for so long." },
    ],
  },
  {
    name: "decision",
    words: ["Who is heard before an update proceeds. A language model can only ask for a person, or refuse; it lets nothing through that the policies do not."],
    keys: [
      { name: "engine", example: "rules", words: "rules: policies alone; model: it is asked each time; hybrid: where the risk is medium or more." },
      { name: "approveAbove", example: 0.85, words: "An approval of the model that is less sure than this asks for a person." },
      { name: "approvalAboveRisk", example: "medium", words: "Above this risk, measured or seen by the model, a person is asked." },
      { name: "onFailure", example: "defer", words: "No usable answer: defer (a person is asked) or reject." },
      {
        name: "model",
        example: { provider: "openai-compatible", name: "gpt-oss-20b", baseUrl: "http://127.0.0.1:11434/v1" },
        words: "Or provider: anthropic. keyVariable names the key's variable in agent.environmentFile.",
      },
    ],
  },
  {
    name: "policy",
    words: [
      "Policies of your own, in Cedar: `instar policy show` prints what holds, `instar policy check` looks for mistakes. The agent must not be able to write them.",
    ],
    keys: [
      { name: "folder", example: "policy", words: "Its *.cedar files are read at every decision." },
      { name: "shipped", example: true, words: "false: without the policies on updates that Instar brings." },
    ],
  },
  {
    name: "analysis",
    words: [
      "What a change touches is worked out before anything of it runs; `instar impact` shows it.",
      "A check that is no-worse refuses what got worse; required also what could not be asked; reported only raises the risk.",
    ],
    keys: [
      { name: "within", example: "5m", words: "How long working it out may take." },
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
      { name: "time", example: "by-risk", words: "By what the change touches (times), or always the same: 1h." },
      { name: "times", example: { low: "1h", medium: "6h", high: "24h", critical: "72h" } },
      { name: "requests", example: 200, words: "And at least this many requests (0 for an agent without a port)." },
      { name: "errorShare", example: 0.1, words: "More failures than this share, beyond doubt, puts the old version back." },
      { name: "onUnverified", example: "hold", words: "Not measured enough when the time is over: hold (a person decides), keep or roll-back." },
      { name: "onBlind", example: "hold", words: "What should be measured stays silent: hold or roll-back." },
      { name: "confirmWithin", example: "10m", words: "The old one comes back unless `instar update confirm` comes within this time." },
      { name: "triggers", example: { memory_growth: { gate: "report" } }, words: "What a finding leads to: rollback, pause, report or off." },
      {
        name: "metrics",
        example: [{ name: "queue", prometheus: { metric: "queue_length" } }],
        words: "Metrics of your own: shown to Prometheus, or printed by a program (run).",
      },
      { name: "logErrors", example: "\\b(ERROR|FATAL)\\b", words: "Lines of output that tell of an error; those of the rehearsal where this is left out." },
    ],
  },
  {
    name: "backup",
    words: ["What a backup takes besides the state: `instar backup create`, and before each exchange."],
    keys: [
      {
        name: "config",
        example: ["config"],
        words: "Files and folders that configure the agent, from this file's folder; edits may touch these and no others.",
      },
      {
        name: "databases",
        example: [{ name: "main", kind: "postgres", urlVariable: "DATABASE_URL" }],
        words: "The agent's own databases, by pg_dump and pg_restore, or { kind: sqlite, path }.",
      },
      { name: "within", example: "1h", words: "How long dumping or restoring one database may take." },
    ],
  },
  {
    name: "self",
    words: ["An agent that changes its own code, in folders of its own (docs/self.md). Without this section it may not."],
    keys: [
      { name: "folder", example: "./agent-data", words: "code-repo and sandbox are the agent's; deployments says what became of its changes." },
      { name: "gitName", example: "Agent", words: "Who its commits are by." },
      { name: "gitEmail", example: "agent@localhost" },
      { name: "pushTo", example: "agent", words: "A branch of source.git for changes that were committed, where the agent asks for it." },
      { name: "testsWithin", example: "5m", words: "How long the tests of such a change may take." },
    ],
  },
  {
    name: "tasks",
    words: ["What keeps tasks that the agent or a person schedules within bounds."],
    keys: [
      { name: "most", example: 50 },
      { name: "oftenest", example: "1m" },
      { name: "perHour", example: 120, words: "All runs of all tasks together." },
      { name: "keepRuns", example: 100 },
      { name: "hosts", example: ["127.0.0.1:9000"], words: "Hosts that a task's webhook may reach over plain http." },
    ],
  },
  {
    name: "notify",
    words: ["Who is told when something went wrong, or waits for a person."],
    keys: [
      {
        name: "ways",
        example: [{ run: ["./tell-me"] }, { webhook: "https://example.org/hooks/instar", secretVariable: "HOOK_SECRET", on: ["rolled-back", "stuck"] }],
        words:
          "A program finds it in INSTAR_NOTIFICATION (JSON) and INSTAR_SUMMARY. on: committed, rolled-back, refused, cancelled, superseded, stuck, stuck-resolved, waiting, breaker, release-changed, token-created, task-paused, ledger; left out, what is loud.",
      },
    ],
  },
  {
    name: "door",
    words: ["Where the command line and the web console (docs/console.md) reach Instar itself: on loopback, with a token."],
    keys: [
      { name: "port", example: 7411, words: "Left out, the port of last time where it is free, else any." },
      { name: "hosts", example: ["agent.example.org"], words: "Names of a proxy of yours before it, for a phone or another machine; none by default." },
    ],
  },
  {
    name: "ledger",
    words: ["Where the ledger's entries lie as they grow old. None is ever deleted, and proofs hold wherever they are."],
    keys: [
      { name: "compressAfter", example: "30d" },
      { name: "archive", example: "/mnt/archive/ledger", words: "Old ones are moved there; without it they stay." },
      { name: "moveAfter", example: "90d" },
      { name: "keepAtMost", example: "1GiB", words: "The oldest are moved before their time where it is more." },
    ],
  },
  {
    name: "keep",
    words: ["What stays on disk to go back to."],
    keys: [
      { name: "releases", example: 5 },
      { name: "snapshots", example: 10, words: "Tagged ones are not counted, and stay." },
      { name: "snapshotDays", example: 90, words: "Older ones go too, but never the newest." },
      { name: "reserve", example: "64MiB", words: "Set aside, so that going back works on a full disk." },
    ],
  },
];
