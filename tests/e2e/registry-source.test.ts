// Signed releases, end to end: a repository behind a server, and an instance that takes from it what its keys signed.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceView, UpdateEventView } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readLedgerFiles } from "../../packages/instar/src/ledger/read-ledger-files.testing.ts";
import { systemClock } from "../../packages/instar/src/platform/clock.ts";
import { buildManifest } from "../../packages/instar/src/trust/build-manifest.ts";
import { renderManifest } from "../../packages/instar/src/trust/release-manifest.ts";
import { ABOUT, makeTrustRoom, type TrustRoom } from "../../packages/instar/src/trust/trust-room.testing.ts";
import { yankRelease } from "../../packages/instar/src/trust/yank-release.ts";
import { TestInstance, until } from "./test-instance.ts";

let instance: TestInstance;
let room: TrustRoom;

beforeAll(async () => {
  // What is published is held against the instance's own clock.
  room = await makeTrustRoom({}, new SimulatedClock({ wallMs: systemClock.wallMs() }));
  instance = await TestInstance.create();
  writeFileSync(join(instance.agent, "root.json"), room.shippedRoot);
  settings(room.origin);
  await instance.start();
});
afterAll(async () => {
  await instance.end();
  await room.close();
});

/** The first version comes from git, which is asked once an hour: what is found sooner, the registry has. */
function settings(url: string): void {
  instance.writeSettings(
    `source: { git: ${instance.remote}, branch: main, checkEvery: 1h, registry: { url: "${url}", root: ./root.json, component: agent, checkEvery: 500ms } }`,
  );
}

/** The agent's files with this version, as a release. */
async function makeRelease(version: string): Promise<string> {
  const folder = join(instance.folder, `release-${version}`);
  cpSync(instance.work, folder, { recursive: true, filter: (path) => !path.endsWith(".git") });
  for (const file of ["package.json", "answer.js"]) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, "utf8").replace(/version(": | = )"[^"]+"/, `version$1"${version}"`));
  }
  writeFileSync(join(folder, "release.json"), renderManifest(await buildManifest(folder, { ...ABOUT, version })));
  return folder;
}

const publish = async (version: string) => room.publish(version, { release: await makeRelease(version) });
const source = async () => (await instance.ask<{ sources: SourceView[] }>("GET", "/v1/source/list")).sources.find(({ id }) => id === "registry");
const says = (words: string) =>
  until(`the registry's source says ${words}`, async () => {
    const now = await source();
    return `${now?.because} ${now?.failing}`.includes(words) ? now : undefined;
  });
/** The agent, its release and its updates as they are: what must be the same after something was refused. */
const untouched = async () => ({ agent: instance.pids().agent, served: await instance.served(), updates: (await instance.updatesNow()).length });

it("a published release is taken by itself", async () => {
  const { sha256 } = await publish("1.0.1");
  expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed" });
  expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
  const { events } = await instance.ask<{ events: UpdateEventView[] }>("GET", "/v1/source/events");
  expect(events[0]).toMatchObject({
    source: "remote_registry",
    seenBy: ["registry"],
    trigger: "new_version",
    targetVersion: "1.0.1",
    digest: `sha256:${sha256}`,
    remoteUrl: room.origin,
    decision: "start",
  });
  expect(await says("1.0.1, runs already")).toMatchObject({ source: "remote_registry", follows: "agent in stable", failing: null });
});

it("one that was altered on its way is not taken, and the agent is untouched; put right, it is", async () => {
  const before = await untouched();
  const folder = await makeRelease("1.0.2");
  // Listed for nobody at first, so that its bytes are altered before anybody asks for them.
  const { path, sha256 } = await room.publish("1.0.2", { release: folder, percentage: 0 });
  const place = `targets/${path.replace("agent-", `${sha256}.agent-`)}`;
  const bytes = readFileSync(join(room.folder, place));
  bytes.fill(0, 40, 60);
  room.answers.set(place, bytes);
  await room.publish("1.0.2", { release: folder });
  expect(await says("is not the file that was signed")).toMatchObject({ failures: expect.any(Number) });
  expect(await untouched()).toEqual(before);
  room.answers.delete(place);
  await instance.ask("POST", "/v1/update/check", { source: "registry" });
  expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "committed" });
});

it("a daemon that is killed while a release comes begins again, and the release is taken", async () => {
  const folder = await makeRelease("1.0.3");
  const { path, sha256 } = await room.publish("1.0.3", { release: folder, percentage: 0 });
  const place = `targets/${path.replace("agent-", `${sha256}.agent-`)}`;
  room.answers.set(place, (_, response) => {
    response.write(readFileSync(join(room.folder, place)).subarray(0, 100));
  });
  await room.publish("1.0.3", { release: folder });
  await until("it is being downloaded", async () => (room.asked.includes(place) ? true : undefined));
  const { agent, daemon } = instance.pids();
  room.answers.delete(place);
  process.kill(daemon, "SIGKILL");
  expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed" });
  expect(instance.pids().daemon).not.toBe(daemon);
  expect(agent).not.toBeNull();
});

it("one that was taken back is not taken, and who runs it is told; an expired or rolled back repository stops nothing", async () => {
  const before = await untouched();
  const old = room.copy();
  await room.publish("1.0.4", { release: await makeRelease("1.0.4"), percentage: 0 });
  await yankRelease({ ...room, channel: "stable", component: "agent", version: "1.0.4", reason: "it leaks" });
  await says("the newest, 1.0.4, was taken back");
  await yankRelease({ ...room, channel: "stable", component: "agent", version: "1.0.3", reason: "it forgets" });
  await says("the version that runs was taken back: it forgets");
  room.restore(old);
  rmSync(join(instance.data, "sources", "registry"), { recursive: true });
  expect((await says("was seen before"))?.failing).toContain("the repository is not to be trusted now");
  expect(await untouched()).toEqual(before);
  const commit = instance.publish("1.0.5");
  await instance.ask("POST", "/v1/update/check", { source: "git" });
  expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "committed", commit });
});

it("the ledger tells how trust advanced, and only forward", () => {
  const advanced = readLedgerFiles(join(instance.data, "ledger")).filter(({ event }) => event === "TRUST_ADVANCED");
  const versions = advanced.map(({ details }) => Number(details?.targets));
  expect(versions.length).toBeGreaterThan(3);
  expect(versions).toEqual(versions.toSorted((one, other) => one - other));
});
