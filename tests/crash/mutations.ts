// One list, long because it is one: every mistake that the crash test and the unit tests are to notice, beside its like.
import type { Mutation } from "./mutation.ts";

const PLAIN = "nobody killed";
const BUILDING = "killed while building";
const TESTING = "killed while testing";
const EXCHANGING = "killed while exchanging";
const RESTORING = "killed while restoring";
const SOURCE = "source gone";
const FAILING = "daemon failing";
const SUPERSEDED = "superseded";
const GIVING_WAY = "giving way";
const BESIDE = "side by side, nobody killed";
const BESIDE_COLD = "side by side and cold, nobody killed";
const BESIDE_SUPERSEDED = "side by side, superseded";
const ON_TRIAL = "on trial, nobody killed";
const ON_TRIAL_SUPERSEDED = "on trial, superseded";

const RUN = "update/run-update.ts";
const DURABLE = "platform/durable-files.ts";

export const MUTATIONS: readonly Mutation[] = [
  // The journal: each kind of entry left out, too late, or too early.
  {
    name: "'applying' is not written",
    file: RUN,
    find: 'record(engine, journal, { kind: "applying", step: step.id }, attempt);',
    replace: "",
    checks: [PLAIN],
  },
  {
    name: "'applying' is written after the effect",
    file: RUN,
    find: 'record(engine, journal, { kind: "applying", step: step.id }, attempt); let result: StepResult; try { result = await probeThenApply(step, context);',
    replace:
      'let result: StepResult; try { result = await probeThenApply(step, context); record(engine, journal, { kind: "applying", step: step.id }, attempt);',
    checks: [PLAIN],
  },
  {
    name: "'applied' is written before the effect",
    file: RUN,
    find: "result = await probeThenApply(step, context);",
    replace:
      'if (!step.exchanges) result = await probeThenApply(step, context); else { record(engine, journal, { kind: "applied", step: step.id, gives: { slot: "blue" } }, attempt); await probeThenApply(step, context); return; }',
    checks: [PLAIN],
  },
  { name: "'applied' is not written", file: RUN, find: 'if (result.kind === "done") record(', replace: 'if (result.kind === "done") void (', checks: [PLAIN] },
  {
    name: "'applied' is written as of another attempt",
    file: RUN,
    find: "gives: result.gives }, attempt);",
    replace: "gives: result.gives }, attempt + 1);",
    checks: [PLAIN],
  },
  {
    name: "'failed' of a refusal is not written",
    file: RUN,
    find: 'else if (result.kind === "refused") record(',
    replace: 'else if (result.kind === "refused") void (',
    checks: [PLAIN],
  },
  {
    name: "'failed' of an error is not written",
    file: RUN,
    find: 'record(engine, journal, { kind: "failed", step: step.id, ...explainFailure(error) }, attempt);',
    replace: "",
    checks: [SOURCE],
  },
  { name: "'undoing' is not written", file: RUN, find: 'record(engine, journal, { kind: "undoing", step: step.id }, attempt);', replace: "", checks: [PLAIN] },
  {
    name: "'undoing' is written after the undo",
    file: RUN,
    find: 'record(engine, journal, { kind: "undoing", step: step.id }, attempt); let gives: Gives; try { gives = await step.undo(contextOf(engine, journal, step, attempt, signal));',
    replace:
      'let gives: Gives; try { gives = await step.undo(contextOf(engine, journal, step, attempt, signal)); record(engine, journal, { kind: "undoing", step: step.id }, attempt);',
    checks: [PLAIN],
  },
  {
    name: "'undoing' is written before and after the undo",
    file: RUN,
    find: 'record(engine, journal, { kind: "undone", step: step.id, gives }, attempt);',
    replace:
      'record(engine, journal, { kind: "undoing", step: step.id }, attempt); record(engine, journal, { kind: "undone", step: step.id, gives }, attempt);',
    checks: [PLAIN],
  },
  {
    name: "'undone' is written before the undo",
    file: RUN,
    find: "gives = await step.undo(contextOf(engine, journal, step, attempt, signal));",
    replace:
      'record(engine, journal, { kind: "undone", step: step.id, gives: {} }, attempt); await step.undo(contextOf(engine, journal, step, attempt, signal)); return;',
    checks: [PLAIN],
  },
  {
    name: "'undone' is not written",
    file: RUN,
    find: 'record(engine, journal, { kind: "undone", step: step.id, gives }, attempt);',
    replace: "",
    checks: [PLAIN],
  },
  {
    name: "an undo is said to be done and is not",
    file: RUN,
    find: "gives = await step.undo(contextOf(engine, journal, step, attempt, signal));",
    replace: "gives = {};",
    checks: [PLAIN],
  },
  {
    name: "'ended' is written before anything is undone",
    file: "update/plan-next-move.ts",
    find: 'if (step === undefined) return { move: "end", outcome: reason.outcome',
    replace: 'if (step === undefined || step !== undefined) return { move: "end", outcome: reason.outcome',
    checks: [PLAIN],
  },
  {
    name: "steps that were only begun are not undone",
    file: "update/plan-next-move.ts",
    find: '(entry.kind === "applying" || entry.kind === "applied") && entry.step === step',
    replace: '(entry.kind === "applied") && entry.step === step',
    checks: [PLAIN, TESTING, "the way back"],
  },
  {
    name: "the ledger does not hear of journal entries",
    file: RUN,
    find: "ledger: planLedgerStatements(update, start, body, given),",
    replace: "ledger: [],",
    checks: [PLAIN],
  },
  {
    name: "what was rolled back is not quarantined",
    file: RUN,
    find: "if (quarantined !== undefined)",
    replace: "if (quarantined !== undefined && quarantined.digest === undefined)",
    checks: [PLAIN],
  },
  {
    name: "an entry and its ledger entries are not one transaction",
    file: "update/journal.ts",
    find: "return transact(this.#database, () => {",
    replace: "return ((_: unknown, work: () => JournalEntry) => work())(this.#database, () => {",
    checks: [EXCHANGING],
  },
  // Probes: who does not ask the world makes again what is there, or believes in what is not.
  {
    name: "probes are not asked",
    file: RUN,
    find: "const probe = await step.probe(context);",
    replace: 'const probe = { found: "absent" } as Awaited<ReturnType<Step["probe"]>>;',
    checks: [EXCHANGING],
  },
  {
    name: "switch's probe always finds nothing",
    file: "update/steps/switch.ts",
    find: 'if (!isServing) return { found: slot === undefined ? "absent" : "partial" };',
    replace: 'return { found: "absent" };',
    checks: [EXCHANGING],
  },
  {
    name: "switch's probe always finds the new release serving",
    file: "update/steps/switch.ts",
    find: "const isServing =",
    replace: "const isServing = true ||",
    checks: [PLAIN],
  },
  {
    name: "build's probe always finds nothing",
    file: "update/steps/build.ts",
    find: 'if (record === undefined) return { found: "absent" };',
    replace: 'if (record === undefined || record !== undefined) return { found: "absent" };',
    checks: [BUILDING],
  },
  {
    name: "a build that was cut short is not begun anew",
    file: "update/steps/build.ts",
    find: "if (attempt > 1) {",
    replace: "if (attempt > 1_000) {",
    checks: [BUILDING, "up to the exchange"],
  },
  {
    name: "fetch's probe takes any error for a commit that is not there",
    file: "update/steps/fetch.ts",
    find: 'if (InstarError.is(error, "NOT_FOUND")) return { found: "absent" };',
    replace: 'if (InstarError.is(error, "NOT_FOUND")) return { found: "present", gives: {} };',
    checks: [SOURCE],
  },
  {
    name: "what may pass by itself is not tried again",
    file: "update/plan-next-move.ts",
    find: "if (!failure.transient ||",
    replace: "if (failure.transient ||",
    checks: [SOURCE],
  },
  // Durability: what only power loss would show, seen by the order of writes.
  {
    name: "a durable file's bytes are not synced",
    file: DURABLE,
    find: "await file.writeFile(data); await file.sync();",
    replace: "await file.writeFile(data);",
    checks: [PLAIN],
  },
  {
    name: "a durable file's folder is not synced",
    file: DURABLE,
    find: "await writeAndRename(path, data, mode); await syncFolder(dirname(path));",
    replace: "await writeAndRename(path, data, mode);",
    checks: [PLAIN],
  },
  { name: "a folder is opened and not synced", file: DURABLE, find: "await folder.sync();", replace: "", checks: [PLAIN] },
  {
    name: "a rename's target folder is not synced",
    file: DURABLE,
    find: "await syncFolder(dirname(to)); if (dirname(from)",
    replace: "if (dirname(from)",
    checks: [PLAIN],
  },
  {
    name: "a rename's source folder is not synced",
    file: DURABLE,
    find: "if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));",
    replace: "",
    checks: [PLAIN],
  },
  {
    name: "trees are not synced",
    file: "platform/sync-tree.ts",
    find: 'if (process.platform === "linux") {',
    replace: 'if (process.platform === "linux") { return;',
    checks: [PLAIN],
  },
  { name: "a release is sealed unsynced", file: "releases/seal-release.ts", find: "await syncTree(sealing.folder);", replace: "", checks: [PLAIN] },
  { name: "a snapshot is finished unsynced", file: "store/store-writer.ts", find: "await pack.file.sync();", replace: "", checks: [PLAIN] },
  { name: "a state goes back unsynced", file: "backups/restore-snapshot.ts", find: "await syncTree(places.builtAt);", replace: "", checks: [PLAIN] },
  { name: "the ledger is not synced", file: "ledger/ledger.ts", find: "await handle.sync();", replace: "", checks: [PLAIN] },
  {
    name: "a new ledger file's folder is not synced",
    file: "ledger/ledger.ts",
    find: 'if (isNew) await syncFolder(join(path, ".."));',
    replace: "",
    checks: [PLAIN],
  },
  {
    name: "the outbox is forgotten before the files are written",
    file: "ledger/ledger.ts",
    find: "await makePrivateFolder(folder);",
    replace: "if (last !== undefined) this.#forget(last); await new Promise((resolve) => setImmediate(resolve)); await makePrivateFolder(folder);",
    checks: [PLAIN, EXCHANGING, "up to the exchange"],
  },
  {
    name: "the database is not synced at each transaction",
    file: "database/open-database.ts",
    find: "PRAGMA synchronous = FULL;",
    replace: "PRAGMA synchronous = NORMAL;",
    checks: [PLAIN],
  },
  {
    name: "the database has no write-ahead log",
    file: "database/open-database.ts",
    find: "PRAGMA journal_mode = WAL;",
    replace: "PRAGMA journal_mode = DELETE;",
    checks: [PLAIN],
  },
  // The keeper and the exchange.
  { name: "the hold is not durable", file: "keeper/keeper-control.ts", find: "await memory.change({ holding: true });", replace: "", checks: [PLAIN] },
  {
    name: "the release of the hold is not durable",
    file: "keeper/keeper-control.ts",
    find: "await memory.change({ holding: false });",
    replace: "",
    checks: [PLAIN],
  },
  {
    name: "a keeper comes back without holding",
    file: "keeper/run-keeper.ts",
    find: "if (memory.state.holding) front?.hold();",
    replace: "",
    checks: [EXCHANGING, "the exchange and the window"],
  },
  {
    name: "that a slot is to stop is not written",
    file: "keeper/agent-slot.ts",
    find: 'if (this.state.wanted !== "stopped") await this.#memory.changeSlot(this.name, { wanted: "stopped" });',
    replace: "",
    checks: [PLAIN],
  },
  {
    name: "the agent does not wait at the gate",
    file: "platform/spawn-detached.ts",
    find: 'const GATE = \'IFS= read -r go <&3 && [ "$go" = go ] && exec 3<&- && exec "$@"\';',
    replace: "const GATE = 'exec \"$@\"';",
    checks: ["unit:platform/spawn-detached", "unit:keeper"],
  },
  {
    name: "the exchange does not hold",
    file: "update/steps/recreate.ts",
    find: 'await exchange.hold(); say("the front holds requests");',
    replace: 'say("the front holds requests");',
    checks: [PLAIN],
  },
  {
    name: "the old version is not ended before the new one starts",
    file: "update/steps/recreate.ts",
    find: 'say("the front holds requests"); await endAllBut(exchange, release);',
    replace: 'say("the front holds requests");',
    checks: [PLAIN],
  },
  {
    name: "the wish to restore is not written before the first file moves",
    file: "update/steps/recreate.ts",
    find: "rooms.facts.write(restoreFact(update), { done: false });",
    replace: "void 0;",
    checks: [RESTORING],
  },
  {
    name: "scratch is left when an update ends",
    file: "daemon/run-daemon.ts",
    find: "/scratch`).catch(",
    replace: "/nothing`).catch(",
    checks: [PLAIN],
  },
  {
    name: "unfinished attempts are not swept",
    file: "daemon/run-daemon.ts",
    find: "await rooms.releases.sweep([])",
    replace: "await Promise.resolve([])",
    checks: [BUILDING],
  },
  {
    name: "a daemon that failed lingers",
    file: "daemon/run-daemon-process.ts",
    find: "life.finally(() => over.abort())",
    replace: "life.finally(() => undefined)",
    checks: [FAILING],
  },
  // A newer version before the exchange.
  {
    name: "one that nobody met yet goes on beside a newer version",
    file: "update/plan-next-move.ts",
    find: 'if (entry.kind === "supersede-requested" && canBeMet && !hasBegunExchange(journal.slice(0, entry.seq), steps))',
    replace: 'if (entry.kind === "supersede-requested" && steps.length === 0)',
    checks: [GIVING_WAY],
  },
  {
    name: "one that is being exchanged is turned round for a newer version",
    file: "update/plan-next-move.ts",
    find: "canBeMet && !hasBegunExchange(journal.slice(0, entry.seq), steps)",
    replace: "canBeMet && !isLeaseEnded(journal.slice(0, entry.seq), steps)",
    checks: ["unit:update"],
  },
  {
    name: "a newer version never lets one go through",
    file: "update/plan-giving-way.ts",
    find: "gaveWay < MOST_GIVING_WAY",
    replace: "gaveWay < Number.POSITIVE_INFINITY",
    checks: ["unit:update"],
  },
  // Two versions side by side.
  {
    name: "the standing takes what was superseded for what runs after going back",
    file: "update/fold-standing.ts",
    find: 'if (outcome === "rolled-back") running = committed;',
    replace: "",
    checks: [SUPERSEDED],
  },
  {
    name: "an exchange side by side is done by holding",
    file: "update/steps/switch.ts",
    find: 'const done = await (context.start.strategy === "blue-green" ?',
    replace: 'const done = await (context.start.strategy === ("neither" as string) ?',
    checks: [BESIDE],
  },
  {
    name: "requests go to the new version before it is ready",
    file: "update/steps/blue-green.ts",
    find: "await exchange.waitUntilReady(slot); await exchange.assertSmoke(slot); const routesMs",
    replace: "const routesMs",
    checks: [BESIDE],
  },
  {
    name: "requests go to the new version before its smoke checks",
    file: "update/steps/blue-green.ts",
    find: "await exchange.assertSmoke(slot); const routesMs",
    replace: "const routesMs",
    checks: [BESIDE],
  },
  {
    name: "the old version is stopped once requests go elsewhere",
    file: "update/steps/blue-green.ts",
    find: "await exchange.retire(before.routed);",
    replace: "await exchange.endSlot(before.routed);",
    checks: [BESIDE],
  },
  {
    name: "a warm version is ended when the new one is confirmed",
    file: "update/steps/confirm.ts",
    find: "&& !rooms.settings.exchange.warm",
    replace: "",
    checks: [BESIDE],
  },
  {
    name: "a cold version is never ended",
    file: "update/steps/confirm.ts",
    find: 'if (context.start.strategy === "blue-green" && !rooms.settings.exchange.warm) await endOthers(exchange, release);',
    replace: "",
    checks: [BESIDE_COLD, "unit:update"],
  },
  {
    name: "the commit does not end the warm version",
    file: "update/steps/commit.ts",
    find: "await endOthers(exchange, release);",
    replace: "",
    checks: [BESIDE],
  },
  {
    name: "the new version is not ended on the way back",
    file: "update/steps/blue-green.ts",
    find: "await endOthers(exchange, start.wayBack);",
    replace: "",
    checks: [BESIDE],
  },
  {
    name: "only the new version is ended on the way back",
    file: "update/steps/blue-green.ts",
    find: "await endOthers(exchange, start.wayBack);",
    replace: "await endAndForget(exchange, release);",
    checks: [BESIDE_SUPERSEDED],
  },
  {
    name: "the new version is ended before requests go back",
    file: "update/steps/blue-green.ts",
    find: "const slot = await startBeside(exchange, start.wayBack);",
    replace: "await endAndForget(exchange, release); const slot = await startBeside(exchange, start.wayBack);",
    checks: [BESIDE],
  },
  {
    name: "requests go back before the old version is ready",
    file: "update/steps/blue-green.ts",
    find: "try { await exchange.waitUntilReady(slot); } catch (cause)",
    replace: "try { void 0; } catch (cause)",
    checks: [BESIDE_COLD],
  },
  // A share of the callers.
  {
    name: "a share goes to the version on trial before it is ready",
    file: "update/steps/trial.ts",
    find: "await exchange.waitUntilReady(slot); await exchange.assertSmoke(slot); await exchange.routeShare",
    replace: "await exchange.routeShare",
    checks: [ON_TRIAL],
  },
  {
    name: "everybody meets the version on trial",
    file: "update/steps/trial.ts",
    find: "await exchange.routeShare(old, { slot, of: trial.share });",
    replace: "await exchange.route(slot);",
    checks: [ON_TRIAL],
  },
  {
    name: "a caller meets now the one and now the other version",
    file: "keeper/front/plan-route.ts",
    find: "const hash = hashMurmur3(",
    replace: "const hash = Math.random() * 2 ** 32; void hashMurmur3(",
    checks: [ON_TRIAL],
  },
  {
    name: "a trial that failed is taken for one that passed",
    file: "update/steps/trial.ts",
    find: 'if (observed.kind !== "passed") return observed;',
    replace: 'if (observed.kind === "waiting") return observed;',
    checks: [ON_TRIAL],
  },
  {
    name: "a trial is not undone",
    file: "update/steps/trial.ts",
    find: "undo: (context) => blueGreenWayBack(rooms, context),",
    replace: 'undo: { needless: "it is only a trial" },',
    checks: [ON_TRIAL],
  },
  {
    name: "a share of the callers is left behind",
    file: "keeper/keeper-control.ts",
    find: "share: command.share ?? null",
    replace: "share: command.share ?? memory.state.share",
    checks: [ON_TRIAL],
  },
  {
    name: "the slot of the version on trial is used while a share is sent there",
    file: "update/steps/blue-green.ts",
    find: "if (report.share !== null && report.routed !== null) await exchange.route(report.routed);",
    replace: "",
    checks: [ON_TRIAL_SUPERSEDED],
  },
];
