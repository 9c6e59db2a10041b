import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type DoctorView, type Implementations, InstarError } from "@instar/protocol";
import { type Instance, readBreaker } from "../daemon/instance.ts";
import { checkAccess } from "../doctor/check-access.ts";
import { type Check, checkFolder, checkJournal, failed, passed, reserveCheck, reservePath } from "../doctor/check-data.ts";
import { checkKeyFiles } from "../doctor/check-key-files.ts";
import { checkPasskeys } from "../doctor/check-passkeys.ts";
import { checkPolicies } from "../doctor/check-policies.ts";
import { listLiving } from "../governance/passkeys/passkey-record.ts";
import { passkeyFileOf, readPasskeys } from "../governance/passkeys/read-passkeys.ts";
import { policyFolderOf } from "../governance/policy/open-policies.ts";
import type { KeeperReport } from "../keeper/keeper-control.ts";
import { SLOTS } from "../keeper/keeper-state.ts";
import { NotificationOutbox } from "../notifications/notification-outbox.ts";
import { readFreeBytes } from "../platform/disk-space.ts";
import { listensBeyondLoopback } from "../platform/find-listener.ts";
import { describeJobContainment } from "../platform/job-containment.ts";
import { describeDamage } from "../releases/describe-damage.ts";
import { certificateFilesOf } from "../settings/read-server-certificate.ts";
import { readSettings } from "../settings/read-settings.ts";
import { resolveSettingsPath } from "../settings/resolve-settings-path.ts";
import type { Source } from "../sources/source.ts";
import { environmentFileOf } from "../update/exchange.ts";
import { verifyOwnLedger } from "./audit.ts";
import { checkCertificate } from "./check-certificate.ts";
import { checkSandbox, describeSandboxes } from "./check-sandbox.ts";
import type { OperationContext } from "./context.ts";
import { explainFront } from "./explain-front.ts";
import { listWanting } from "./list-wanting.ts";
import { readDoorRole } from "./read-door-role.ts";

/** Looks for what is wrong, and says what to do. Changes nothing. */
export function implementDoctor(context: OperationContext): Pick<Implementations, "doctor"> {
  return {
    doctor: async () => {
      const sandboxes = await describeSandboxes(context.instance);
      const checks = [
        ...(await checkMachine(context)),
        ...(await checkSandbox(context.instance)),
        ...(await checkData(context)),
        ...(await checkReleases(context)),
        ...(await checkRunning(context)),
        ...(await checkWhoMay(context)),
        ...(await checkPoliciesOf(context)),
        ...(await checkPasskeysOf(context)),
        ...(await checkKeyFilesOf(context)),
      ];
      const worst = checks.some((check) => check.verdict === "fail") ? "fail" : checks.some((check) => check.verdict === "error") ? "error" : "pass";
      return { verdict: worst, checks, sandboxes } satisfies DoctorView;
    },
  };
}

async function checkKeyFilesOf({ instance }: OperationContext): Promise<Check[]> {
  const { source } = instance.settings;
  const named = {
    "source.signers.ssh": source.signers.ssh,
    "source.signers.openpgp": source.signers.openpgp,
    "source.npm.origin.keys": source.npm?.origin?.keys,
    "source.npm.origin.provenance.trustedRoot": source.npm?.origin?.provenance?.trustedRoot,
    "source.endpoint.publicKey": source.endpoint?.publicKey,
    "source.registry.root": source.registry?.root,
  };
  const files = Object.entries(named).flatMap(([setting, path]) =>
    path === undefined ? [] : [{ setting, path: resolveSettingsPath(path, instance.rooms.settingsFolder) }],
  );
  return checkKeyFiles(files, writableOf(instance));
}

/** What the agent can write by its settings, absolute. */
function writableOf({ settings, rooms }: Instance): string[] {
  const { writable } = settings.agent.sandbox;
  return [...(rooms.stateDirectory === null ? [] : [rooms.stateDirectory]), ...writable.map((path) => resolve(rooms.settingsFolder, path))];
}

async function checkPoliciesOf({ instance }: OperationContext): Promise<Check[]> {
  const { settings, rooms } = instance;
  const { level } = settings.agent.sandbox;
  return checkPolicies({
    set: await rooms.readPolicies(),
    folder: policyFolderOf(settings, rooms.settingsFolder),
    writable: writableOf(instance),
    isAgentOpen: level === "open",
  });
}

async function checkPasskeysOf({ instance }: OperationContext): Promise<Check[]> {
  const { settings, rooms, facts } = instance;
  const folder = policyFolderOf(settings, rooms.settingsFolder);
  const { passkeys, problems } = await readPasskeys(folder);
  const people = [...new Set(listLiving(passkeys, facts).map(({ person }) => person))];
  const isAgentOpen = settings.agent.sandbox.level === "open";
  return checkPasskeys({ file: passkeyFileOf(folder), problems, wantedBy: await listWanting(instance), people, isAgentOpen });
}

async function checkSource({ id, address, look }: Source): Promise<Check> {
  const name = id === "git" ? "upstream" : id;
  try {
    const found = await look(AbortSignal.timeout(20_000));
    if ("waitsBecause" in found) return passed("source", name, found.waitsBecause);
    return passed(
      "source",
      name,
      `${found.ref} is ${found.key.slice(0, 40)}${found.refusedBecause === null ? "" : `, and is not taken: ${found.refusedBecause}`}`,
    );
  } catch (error) {
    return failed("source", name, `${address}: ${error instanceof Error ? error.message : String(error)}`, InstarError.is(error) ? (error.advice ?? "") : "");
  }
}

async function checkMachine({ instance, versions }: OperationContext): Promise<Check[]> {
  const upstream = await Promise.all(instance.sources.map(checkSource));
  const jobs = await describeJobContainment();
  const digest = await readSettings(instance.rooms.settingsFolder).then(
    (read) => read.digest,
    () => "broken",
  );
  const settings: Check =
    digest === instance.rooms.settingsDigest
      ? passed("settings", "instar.yaml", "what runs goes by it")
      : {
          area: "settings",
          what: "instar.yaml",
          verdict: "inconclusive",
          because: "it was changed since Instar started",
          advice: "`instar down --keep-agent`, then `instar up`: the agent does not notice.",
        };
  const tls = instance.settings.front?.tls;
  const certificate = tls === undefined ? [] : await checkCertificate(certificateFilesOf(tls, instance.rooms.settingsFolder), instance.rooms.clock.wallMs());
  return [
    passed("machine", "node", versions.node),
    { area: "machine", what: "jobs", verdict: "pass", because: `a job's processes end with it by ${jobs.treeEnds}: ${jobs.because}`, advice: "" },
    settings,
    ...certificate,
    ...upstream,
  ];
}

async function checkData({ instance }: OperationContext): Promise<Check[]> {
  const { folder, database, settings } = instance;
  const chain = await verifyOwnLedger(instance);
  return [
    await checkFolder(folder),
    ...checkJournal(database),
    chain.kind === "intact"
      ? passed("ledger", "chain", `${chain.length} entries`)
      : failed("ledger", "chain", chain.because, "Keep the folder as it is, and compare it with a copy from before."),
    reserveCheck(await readFreeBytes(folder), settings.keep.reserve, existsSync(reservePath(folder))),
    ...checkTelling(instance),
    ...checkBreaker(instance),
  ];
}

/** Somebody who believes that he would be told, and would not be, is worse off than one who knows. */
function checkTelling({ settings, database }: OperationContext["instance"]): Check[] {
  if (settings.notify.ways.length === 0) return [];
  const { waiting, givenUp, because } = new NotificationOutbox(database).troubled();
  if (waiting + givenUp === 0) return [passed("notify", "telling", `${settings.notify.ways.length} ways, and nothing that could not be told`)];
  const advice = "Mend the way in instar.yaml, or what it reaches; what waits is tried again by itself.";
  return [failed("notify", "telling", `${waiting} notifications wait, ${givenUp} were given up: ${because ?? "nobody knows why"}`, advice)];
}

function checkBreaker(instance: OperationContext["instance"]): Check[] {
  const { isOpen, because } = readBreaker(instance);
  return isOpen ? [failed("updates", "breaker", because, "`instar incident list` shows what happened; `instar update resume` lets updates begin again.")] : [];
}

async function checkReleases({ instance }: OperationContext): Promise<Check[]> {
  const { releases } = instance.rooms;
  const { sealed, damaged } = await releases.list();
  const checks = damaged.map((id) => failed("releases", id, "its record cannot be read", "`instar update apply` makes it anew."));
  for (const record of sealed) {
    const found = await releases.verify(record.id);
    checks.push(
      found.kind === "intact"
        ? passed("releases", record.id, `${record.files} files are what was sealed`)
        : failed("releases", record.id, `not what was sealed: ${describeDamage(found)}`, "It is refused as a way back. `instar update apply` makes it anew."),
    );
  }
  return checks;
}

async function checkRunning({ instance, daemon }: OperationContext): Promise<Check[]> {
  const report = await instance.rooms.keeper.state().catch(() => undefined);
  if (report === undefined && daemon === undefined)
    return [{ area: "running", what: "instar", verdict: "nodata", because: "it does not run", advice: "`instar up` starts it." }];
  if (report === undefined) return [failed("running", "keeper", "it does not answer", "It is started again by itself within seconds.")];
  const checks = [
    passed("running", "keeper", `pid ${report.pid}`),
    daemon === undefined
      ? failed("running", "daemon", "it does not answer", "The keeper starts it again; `instar logs daemon` says more.")
      : passed("running", "daemon", "it answers"),
  ];
  if (report.front !== null && !report.front.listening)
    checks.push(failed("running", "front", await explainFront(instance), "Mend that; the front tries again every half second."));
  return [...checks, ...(await checkExposure(instance, report))];
}

async function checkWhoMay({ instance, tokens }: OperationContext): Promise<Check[]> {
  const { rooms, folder } = instance;
  const readable = [environmentFileOf(rooms), rooms.settingsFolder, rooms.stateDirectory].filter((path) => path !== null);
  return checkAccess({ door: await readDoorRole(instance), folder, tokens, readable });
}

/** Who can reach what. An agent that listens beyond loopback itself can be reached past the front: uncounted, and before it serves. */
async function checkExposure({ settings }: OperationContext["instance"], report: KeeperReport): Promise<Check[]> {
  const { front } = settings;
  if (front === undefined) return [];
  const checks = [
    passed("exposure", "front", front.public ? `${front.host} is open beyond this machine, as front.public says` : `${front.host} is this machine only`),
  ];
  for (const slot of SLOTS) {
    const { alive, port } = report.slots[slot];
    if (alive && port !== null && (await listensBeyondLoopback(port)))
      checks.push({
        area: "exposure",
        what: `agent in slot ${slot}`,
        verdict: "inconclusive",
        because: `port ${port} listens beyond loopback: whoever reaches this machine reaches the agent past the front`,
        advice: "Let the agent listen at 127.0.0.1, or close the ports of agent.slotPorts in the firewall.",
      });
  }
  return checks;
}
