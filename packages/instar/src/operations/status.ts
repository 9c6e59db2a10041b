import { type Implementations, InstarError, type StatusView } from "@instar/protocol";
import { type Instance, readStanding } from "../daemon/instance.ts";
import { mostToSay } from "../daemon/look-for-updates.ts";
import { readLedgerTrouble } from "../daemon/note-ledger-trouble.ts";
import { describeMarks } from "../daemon/version-marks.ts";
import type { KeeperReport } from "../keeper/keeper-control.ts";
import { describeDamage } from "../releases/describe-damage.ts";
import { planStrategy } from "../settings/plan-strategy.ts";
import { readSourceFact, type SourceFact } from "../sources/source-fact.ts";
import { probeSlot, slotOf } from "../update/exchange.ts";
import { planNextMove } from "../update/plan-next-move.ts";
import type { OperationContext } from "./context.ts";
import { describeSlots } from "./describe-slots.ts";
import { explainFront } from "./explain-front.ts";
import { readObservation } from "./observation.ts";
import { readDoorRole } from "./read-door-role.ts";
import { describeSources } from "./sources.ts";
import { readUpdate } from "./updates.ts";

type StatusContext = Pick<OperationContext, "instance" | "daemon" | "versions">;

export function implementStatus(context: StatusContext): Pick<Implementations, "status"> {
  return { status: () => readStatus(context) };
}

async function readStatus(context: StatusContext): Promise<StatusView> {
  const { instance, daemon, versions } = context;
  const { journal, folder } = instance;
  const report = await instance.rooms.keeper.state().catch(() => undefined);
  const standing = readStanding(instance);
  const newest = journal.list().at(-1);
  const update = newest === undefined ? null : readUpdate(instance, newest);
  const source = readMostNotable(instance);
  const head = instance.ledger.head();
  const door = await readDoorRole(instance);
  return {
    instance: instance.name,
    dataFolder: folder,
    running: { keeper: report !== undefined, daemon: daemon !== undefined },
    keeper: report === undefined ? null : { pid: report.pid, startedAt: report.startedAt, handOver: report.handOver },
    state: update === null || update.outcome !== null ? "idle" : update.state,
    waiting: await explainWaiting(context, report, source),
    agent: await describeAgent(instance, report, standing.running),
    exchange: planStrategy(instance.settings),
    slots: report === undefined ? [] : describeSlots(report),
    front: describeFront(instance, report),
    update,
    observation: readObservation(instance),
    available: availableOf(source, [standing.running?.commit, update?.outcome === null ? update.commit : undefined]),
    source: {
      lookedAt: source?.lookedAt ?? null,
      nextLookInMs: daemon === undefined ? null : Math.round(daemon.lookout.nextLookInMs()),
      failing: source?.failing ?? null,
    },
    sources: describeSources(instance, daemon),
    marks: describeMarks(instance),
    ledger: { length: head.length, head: head.hash, trouble: readLedgerTrouble(instance) },
    access: { door: door.role, because: door.because },
    versions,
  };
}

/** Of several sources the one with most to say; one that fails before those that have nothing. */
function readMostNotable(instance: Instance): SourceFact | undefined {
  const facts = instance.sources.map(({ id }) => readSourceFact(instance.facts, id)).filter((fact) => fact !== undefined);
  return facts.toSorted((a, b) => mostToSay(a, b) || Number(b.failing !== null) - Number(a.failing !== null))[0];
}

/** What upstream has beyond what runs or is under way, and why it is not started. */
function availableOf(source: SourceFact | undefined, known: readonly (string | undefined)[]): StatusView["available"] {
  if (source?.found == null || source.decision === "nothing" || known.includes(source.found.commit)) return null;
  return { ...source.found, decision: source.decision, because: source.because };
}

/** Why nothing is happening, or what is: one sentence that an operator understands at night. */
async function explainWaiting({ instance, daemon }: StatusContext, report: KeeperReport | undefined, source: SourceFact | undefined): Promise<string> {
  const { journal, time } = instance;
  const [open] = journal.unfinished();
  if (report === undefined && daemon === undefined)
    return `Instar does not run for ${instance.name}: \`instar up\` starts it${open === undefined ? "" : `, and goes on with update ${open}`}`;
  if (daemon === undefined) return "the daemon does not answer; the keeper starts it again within seconds";
  if (report?.front !== null && report?.front.listening === false)
    return `the front cannot listen: ${await explainFront(instance)}; it is tried again every half second`;
  if (open !== undefined) {
    const move = planNextMove(journal.read(open), time.tickMs());
    switch (move.move) {
      case "wait":
        return `update ${open} waits for ${move.waitsFor}: ${move.because}`;
      case "retry":
        return `update ${open} tries '${move.step}' again in ${Math.max(1, Math.ceil((move.atTickMs - time.tickMs()) / 1_000))} s: ${move.because}`;
      case "ask-operator":
        return journal.read(open).some((entry) => entry.kind === "stuck")
          ? `update ${open} is stuck and needs a person: ${move.because}. \`instar update resolve retry|accept|abandon\` answers it`
          : `update ${open} cannot go on: ${move.because}. Nothing moves by itself; keep the data folder as it is, \`instar doctor\` looks further`;
      case "apply": {
        const looked = journal.read(open).findLast((entry) => entry.kind === "waiting" && entry.step === move.step.id);
        if (looked?.kind === "waiting") return `update ${open} waits for ${looked.waitsFor}: ${daemon.progressOf(open, move.step.id) ?? looked.because}`;
        return `update ${open} is at '${move.step.title}'${saying(daemon.progressOf(open, move.step.id))}`;
      }
      case "undo":
        return `update ${open} is going back: '${move.step.title}' is being undone`;
      default:
        return `update ${open} is about to end`;
    }
  }
  const mistake = (await instance.rooms.readPolicies()).problems.find(({ severity }) => severity === "error");
  if (mistake !== undefined) return `nothing proceeds until the policies are mended: ${mistake.file}: ${mistake.message}. \`instar policy check\` shows it all`;
  if (source === undefined) return "upstream has not been asked yet";
  if (source.failing !== null) return `upstream cannot be read (${source.failures} times in a row): ${source.failing}`;
  return `${source.because}; upstream is asked again in ${Math.ceil(daemon.lookout.nextLookInMs() / 1_000)} s`;
}

const saying = (progress: string | undefined) => (progress === undefined ? "" : ` (${progress})`);

async function describeAgent(
  instance: Instance,
  report: KeeperReport | undefined,
  running: { release: string; version: string; commit: string } | null,
): Promise<StatusView["agent"]> {
  const name = report === undefined ? undefined : (report.routed ?? slotOf(report, running?.release ?? null));
  const slot = name === undefined || report === undefined ? undefined : report.slots[name];
  const containment = describeContainment(slot?.isSandboxed ?? instance.settings.agent.sandbox.level === "sandboxed", instance.settings);
  if (slot === undefined || name === undefined)
    return {
      release: running?.release ?? null,
      version: running?.version ?? null,
      commit: running?.commit ?? null,
      health: "nodata",
      because: "it does not run",
      degraded: null,
      slot: null,
      ...containment,
    };
  const { release, version, alive, pid, startedAt, port, restarts } = slot;
  const health = await probeSlot(instance.rooms, slot);
  const degraded = release === null ? null : await findDegraded(instance, release);
  return {
    release,
    version,
    commit: running?.release === release ? running.commit : ((await instance.rooms.releases.readRecord(release ?? "").catch(() => undefined))?.commit ?? null),
    // What answers is not what was sealed: its health page speaks for the files that it has loaded already.
    health: degraded === null || health.verdict !== "pass" ? health.verdict : "fail",
    because: degraded === null ? health.because : `degraded: ${degraded} (and yet ${health.because})`,
    degraded,
    slot: { slot: name, release, version, alive, pid, startedAt, port, restarts },
    ...containment,
  };
}

async function findDegraded({ rooms }: Instance, release: string): Promise<string | null> {
  try {
    if ((await rooms.releases.verifyQuickly(release)).kind === "intact") return null;
    const found = await rooms.releases.verify(release);
    return found.kind === "intact" ? null : `the files of release ${release} were changed underneath: ${describeDamage(found)}`;
  } catch (error) {
    if (InstarError.is(error)) return error.message;
    throw error;
  }
}

function describeContainment(isSandboxed: boolean, { agent }: Instance["settings"]): Pick<StatusView["agent"], "containment" | "containmentBecause"> {
  if (!isSandboxed)
    return {
      containment: "open",
      containmentBecause: "the agent runs as the same user as Instar: what it must not touch is only out of its way, not out of its reach",
    };
  const { network, home, writable } = agent.sandbox;
  return {
    containment: "sandboxed",
    containmentBecause: `the agent sees its release read-only, its state${writable.length === 0 ? "" : ` and ${writable.join(", ")}`}, ${home === "own" ? "a home of its own" : "your home read-only"} and ${network === "host" ? "the network" : "no network"}; nothing of Instar's`,
  };
}

function describeFront({ settings }: Instance, report: KeeperReport | undefined): StatusView["front"] {
  if (settings.front === undefined) return null;
  const counts = report?.front?.counts;
  const all = Object.values(counts?.releases ?? {});
  const served = report === undefined || report.routed === null ? undefined : report.front?.latency[report.routed];
  return {
    host: settings.front.host,
    port: settings.front.port,
    listening: report?.front?.listening ?? false,
    holding: report?.holding ?? false,
    held: counts?.held ?? 0,
    requests: all.reduce((sum, release) => sum + release.requests, 0),
    failed: all.reduce((sum, release) => sum + release.failed, 0),
    refusedByHold: counts?.refusedByHold ?? 0,
    medianMs: served?.medianMs ?? null,
    p99Ms: served?.p99Ms ?? null,
  };
}
