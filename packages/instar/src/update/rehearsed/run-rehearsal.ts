import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RehearsalFinding, WayBack } from "@instar/protocol";
import { type DatabaseSchema, readSchemas } from "../../backups/read-schemas.ts";
import { type DatabaseFact, readDatabaseIntegrity } from "../../observation/checks/read-database-integrity.ts";
import type { HealthReport } from "../../observation/health-report.ts";
import { compareShown, makeFinding } from "../../rehearsal/compare-shown.ts";
import { rehearse } from "../../rehearsal/rehearse.ts";
import type { SandboxChoice } from "../../sandbox/sandbox.ts";
import { readEnvironmentFile } from "../../settings/read-environment-file.ts";
import { environmentFileOf } from "../exchange.ts";
import type { StepContext } from "../step.ts";
import { type StepRooms, updateLogOf } from "../step-rooms.ts";
import { planJobEnvironment } from "../steps/plan-job-environment.ts";
import { askPreflight, judgePreflight, type PreflightAnswer } from "./ask-preflight.ts";
import { type BootedAgent, bootRehearsed } from "./boot-rehearsed.ts";
import { copyCopy, copyRehearsedState } from "./copy-rehearsed-state.ts";
import { judgeMigration } from "./judge-migration.ts";
import type { RehearsalPlace } from "./plan-rehearsal-place.ts";

export interface RehearsalRun {
  readonly choice: SandboxChoice;
  readonly place: RehearsalPlace;
  /** Whether the old version is started beside the new one; why not, where it is not. */
  readonly isBeside: boolean;
  readonly isBesideBecause: string;
  /** Made and removed by the caller. */
  readonly scratch: string;
}

export interface Rehearsed {
  readonly findings: readonly RehearsalFinding[];
  readonly wayBack: WayBack;
  readonly wayBackBecause: string;
  /** Of the copy, before anything was started on it; null where there is no state. */
  readonly databases: readonly DatabaseFact[] | null;
  /** Of the databases that were there before, as the new version's start left them. */
  readonly schemas: readonly DatabaseSchema[];
}

/**
 * The candidate on a copy of the state, the old version on another, both aside and both asked the same; then the old version on what the new one left.
 * The one that serves is not touched: it answers on its own port all the while.
 */
export async function runRehearsal(rooms: StepRooms, context: StepContext, run: RehearsalRun): Promise<Rehearsed> {
  const { start, given, signal, say } = context;
  const { scratch, place } = run;
  const copies = { pristine: join(scratch, "state"), new: join(scratch, "state-new"), old: join(scratch, "state-old") };
  const pristine = await copyRehearsedState(rooms, context, copies.pristine);
  const environmentFile = await readSecrets(rooms, run.choice);
  const boot = (which: "new" | "old" | "back", stateCopy: string | null) =>
    bootRehearsed(rooms, {
      release: which === "new" ? String(given.release) : String(start.releaseFrom),
      version: which === "new" ? start.versionTo : (start.versionFrom ?? ""),
      stateCopy,
      place: which === "old" ? { ...place, port: place.portBeside } : place,
      choice: run.choice,
      scratch: join(scratch, which),
      environmentFile,
    });
  const preflightOf = (release: string, stateCopy: string, name: string) =>
    askPreflightAside(rooms, context, { release, stateCopy, place, scratch: join(scratch, name) });

  const stateNew = await copyCopy(pristine, copies.new);
  const stateOld = await copyCopy(pristine, copies.old);
  const findings: RehearsalFinding[] = [];
  const preflight = pristine === null ? undefined : await preflightOf(String(given.release), pristine, "preflight");
  if (preflight !== undefined) findings.push(judgePreflight(preflight));

  const before = stateNew === null ? [] : await readSchemas(stateNew);
  const databases = stateOld === null ? null : await readDatabaseIntegrity(stateOld);
  const agents: BootedAgent[] = [];
  let isOldReady = false;
  try {
    say("the new version starts aside");
    const its = await boot("new", stateNew);
    agents.push(its);
    const old = run.isBeside ? await boot("old", stateOld) : undefined;
    if (old !== undefined) agents.push(old);
    const [ready, oldReady] = await Promise.all([its.waitUntilReady(signal), old?.waitUntilReady(signal)]);
    isOldReady = oldReady?.verdict === "pass";
    findings.push(judgeReadiness(ready, oldReady, run));
    say(`the new version: ${ready.because}`);
    if (ready.verdict === "pass")
      findings.push(
        ...(await rehearse({ old: isOldReady ? old : undefined, new: its, settings: rooms.settings, clock: rooms.clock, signal, onProgress: say })),
      );
  } finally {
    await Promise.all(agents.map((agent) => agent.end()));
    await keepLog(rooms, context, join(scratch, "new/agent.log"));
  }
  const after = stateNew === null ? [] : await readSchemas(stateNew);
  findings.push(...judgeMigration(before, after));
  const back = await findWayBack(rooms, context, { stateNew, isOldReady, boot, preflightOf });
  findings.push(makeFinding("way back", back.wayBack === "unknown" ? "nodata" : "pass", back.wayBackBecause, { new: back.wayBack }));
  return { findings, ...back, databases, schemas: after.filter(({ path }) => before.some((one) => one.path === path)) };
}

/** Secrets go only where nothing can carry them out. */
async function readSecrets(rooms: StepRooms, choice: SandboxChoice): Promise<Readonly<Record<string, string>>> {
  const path = environmentFileOf(rooms);
  const isClosed = choice.enforces.includes("network") && choice.enforces.includes("files");
  if (path === null || rooms.settings.rehearsal.environmentFile === "withheld" || !isClosed) return {};
  return readEnvironmentFile(path);
}

function judgeReadiness(its: HealthReport, old: HealthReport | undefined, { isBeside, isBesideBecause }: RehearsalRun): RehearsalFinding {
  const shown = (report: HealthReport) => ({ ...report, value: report.verdict });
  const finding = compareShown("readiness", { old: old === undefined ? undefined : shown(old), new: shown(its) });
  return isBeside ? finding : { ...finding, because: `${finding.because} (not compared: ${isBesideBecause})` };
}

interface BackQuestion {
  readonly stateNew: string | null;
  readonly isOldReady: boolean;
  readonly boot: (which: "back", stateCopy: string) => Promise<BootedAgent>;
  readonly preflightOf: (release: string, stateCopy: string, name: string) => Promise<PreflightAnswer | undefined>;
}

/** Whether the old code runs on what the new one left: what a rollback will need to know when there is no time to find out. */
async function findWayBack(rooms: StepRooms, context: StepContext, ask: BackQuestion): Promise<Pick<Rehearsed, "wayBack" | "wayBackBecause">> {
  const { start, signal, say } = context;
  const { stateNew, isOldReady } = ask;
  if (stateNew === null || rooms.settings.state.kind !== "exclusive") return { wayBack: "code-alone", wayBackBecause: "the agent has no state of its own" };
  if (!rooms.settings.rehearsal.wayBack) return { wayBack: "unknown", wayBackBecause: "instar.yaml turns it off" };
  const said = await ask.preflightOf(String(start.releaseFrom), stateNew, "preflight-back");
  if (said?.word === "incompatible") return { wayBack: "with-state", wayBackBecause: `the old version does not run on what the new one left: ${said.because}` };
  if (!isOldReady) return { wayBack: "unknown", wayBackBecause: "the old version did not get ready aside even on its own state" };
  say("the old version starts on what the new one left");
  const again = await ask.boot("back", stateNew);
  try {
    const ready = await again.waitUntilReady(signal);
    return ready.verdict === "pass"
      ? { wayBack: "code-alone", wayBackBecause: `the old version runs on what the new one left: ${ready.because}` }
      : { wayBack: "with-state", wayBackBecause: `the old version does not run on what the new one left: ${ready.because}` };
  } finally {
    await again.end();
  }
}

async function askPreflightAside(
  rooms: StepRooms,
  context: StepContext,
  ask: { release: string; stateCopy: string; place: RehearsalPlace; scratch: string },
): Promise<PreflightAnswer | undefined> {
  if (rooms.settings.state.preflight === undefined) return undefined;
  const { settings } = rooms;
  const home = join(ask.scratch, "home");
  await mkdir(join(home, "tmp"), { recursive: true, mode: 0o700 });
  return askPreflight(rooms, {
    ...ask,
    environment: { ...planJobEnvironment(rooms, home), ...settings.agent.environment, ...settings.rehearsal.environment },
    logPath: updateLogOf(rooms, context.update),
    signal: context.signal,
  });
}

const KEPT_LOG_BYTES = 262_144;

/** What the new version wrote is kept with the update: the scratch folder goes. */
async function keepLog(rooms: StepRooms, { update }: StepContext, path: string): Promise<void> {
  const text = await readFile(path).catch(() => undefined);
  if (text === undefined) return;
  const cut = text.length > KEPT_LOG_BYTES ? text.subarray(text.length - KEPT_LOG_BYTES) : text;
  // For people: a crash in the middle leaves half of it, and harms nobody.
  const log = await open(updateLogOf(rooms, update), "a", 0o600);
  try {
    await log.appendFile(Buffer.concat([Buffer.from("\n== what the new version wrote in its rehearsal ==\n"), cut, Buffer.from("\n")]));
  } finally {
    await log.close();
  }
}
