import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import type { TargetsBody } from "./metadata-bodies.ts";
import { runTufClient } from "./run-tuf-client.ts";
import { forge, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
let said: string[];
beforeEach(async () => {
  // The client of the suite goes by the machine's time.
  room = await makeTrustRoom({}, new SimulatedClock({ wallMs: systemClock.wallMs() }));
  said = [];
});
afterEach(() => room.close());

const run = (...argv: string[]) => runTufClient(argv, { stdout: (text) => said.push(text), stderr: (text) => said.push(text) });
const metadataDir = () => join(room.place, "suite", "metadata");
const targetDir = () => join(room.place, "suite", "targets");
const place = () => ["--metadata-dir", metadataDir(), "--metadata-url", `${room.origin}/metadata`];
const init = () => {
  writeFileSync(join(room.place, "initial.json"), room.shippedRoot);
  return run("--metadata-dir", metadataDir(), "init", join(room.place, "initial.json"));
};
const refresh = () => run(...place(), "refresh");
const download = (...names: string[]) =>
  run(...place(), ...names.flatMap((name) => ["--target-name", name]), "--target-base-url", `${room.origin}/targets`, "--target-dir", targetDir(), "download");
const versionOf = (role: string) => JSON.parse(readFileSync(join(metadataDir(), `${role}.json`), "utf8")).signed.version;

describe("the client for the conformance suite", () => {
  it("is given a root without asking anybody", async () => {
    expect(await init()).toBe(0);
    expect(readFileSync(join(metadataDir(), "root.json"))).toEqual(room.shippedRoot);
    expect(room.asked).toEqual([]);
  });

  it("keeps metadata under names without versions", async () => {
    await init();
    expect([await refresh(), said]).toEqual([0, []]);
    expect(readdirSync(metadataDir())).toEqual(["root.json", "snapshot.json", "targets.json", "timestamp.json"]);
  });

  it("downloads several targets in order, and asks for none twice", async () => {
    const [one, two] = [await room.publish("1.0.0"), await room.publish("1.0.0", { channel: "self" })];
    await init();
    expect([await download(two.path, one.path), said.length]).toEqual([0, 2]);
    expect(readdirSync(targetDir()).toSorted()).toEqual(["self%2Fagent-1.0.0.tgz", "stable%2Fagent-1.0.0.tgz"]);
    const blobs = () => room.asked.filter((path) => path.startsWith("targets/")).length;
    expect(blobs()).toBe(2);
    expect(await download(two.path, one.path)).toBe(0);
    expect(blobs()).toBe(2);
  });

  it("ends with 1 where one of the targets is not there, and keeps those before it", async () => {
    const { path } = await room.publish("1.0.0");
    await init();
    expect(await download(path, "stable/none.tgz", path)).toBe(1);
    expect(readdirSync(targetDir())).toHaveLength(1);
  });

  it("keeps what is good of an answer that is refused later", async () => {
    await init();
    await refresh();
    await forge(room, { root: (root) => root, targets: (targets) => targets, targetsSigners: ["release"] });
    expect(await refresh()).toBe(1);
    expect(["root", "timestamp", "targets"].map(versionOf)).toEqual([2, 2, 1]);
  });

  it("refuses a target that was swapped, and one whose description has no digest", async () => {
    const { path, sha256 } = await room.publish("1.0.0");
    await init();
    room.answers.set(`targets/stable/${sha256}.agent-1.0.0.tgz`, Buffer.from("other"));
    expect(await download(path)).toBe(1);
    await forge(room, {
      targets: (targets) => ({ ...targets, targets: { [path]: { length: 5, hashes: {} } } as unknown as TargetsBody["targets"] }),
    });
    room.answers.set("targets/stable/undefined.agent-1.0.0.tgz", Buffer.from("other"));
    expect(await download(path)).toBe(1);
    expect(readdirSync(join(room.place, "suite"))).toEqual(["metadata"]);
  });

  it("goes on where a run left a folder of its own and half a file", async () => {
    await init();
    mkdirSync(join(metadataDir(), "staging"));
    writeFileSync(join(metadataDir(), "staging", "root.json"), "{");
    writeFileSync(join(metadataDir(), ".tmp-0123456789ab"), "{");
    expect(await refresh()).toBe(0);
    expect(readdirSync(metadataDir())).toEqual(["root.json", "snapshot.json", "targets.json", "timestamp.json"]);
  });

  it("bad input: ends with 1 and says why", async () => {
    await init();
    const rows: string[][] = [
      [],
      ["refresh"],
      [...place()],
      [...place(), "refresh", "more"],
      [...place(), "other"],
      [...place(), "download"],
      [...place(), "--target-name", "a", "download"],
      ["--metadata-dir", metadataDir(), "init"],
      ["--metadata-dir", metadataDir(), "init", join(room.place, "none.json")],
      ["--metadata-dir", metadataDir(), "--metadata-url", "no address", "refresh"],
      ["--metadata-dir", metadataDir(), "--metadata-url", "http://127.0.0.1:1/", "refresh"],
      ["--nonsense", "refresh"],
    ];
    for (const row of rows) {
      said = [];
      expect([row, await run(...row)]).toEqual([row, 1]);
      expect(said.join("")).not.toBe("");
    }
    for (const root of ["", "{", "{}", "null"]) {
      writeFileSync(join(metadataDir(), "root.json"), root);
      expect(await refresh()).toBe(1);
    }
    rmSync(join(metadataDir(), "root.json"));
    expect(await refresh()).toBe(1);
  });
});
