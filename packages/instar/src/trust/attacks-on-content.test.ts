import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobOf, caught, FRESH, handOn, makeAttackTools, moveTarget } from "./attack-tools.testing.ts";
import type { TargetsBody } from "./metadata-bodies.ts";
import { listTargets, type ReleaseTarget } from "./plan-release.ts";
import { forge, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());
const { expectRefused, findRelease, downloads } = makeAttackTools(() => room);

describe("what is asked for", () => {
  it("T01: a blob that was swapped for another of the same length is refused, and nothing is left", async () => {
    await room.publish("1.0.0");
    const { client, release } = await findRelease("1.0.0");
    room.answers.set(blobOf(release), Buffer.alloc(release.lengthBytes, 7));
    await expectRefused("altered", () => client.download(release, downloads()));
    expect(readdirSync(downloads())).toEqual([]);
  });

  it("T01: a release that was swapped on the disk is asked for again", async () => {
    await room.publish("1.0.0");
    const { client, release } = await findRelease("1.0.0");
    const { file } = await client.download(release, downloads());
    const good = readFileSync(file);
    writeFileSync(file, Buffer.alloc(release.lengthBytes, 7));
    await client.download(release, downloads());
    expect(readFileSync(file)).toEqual(good);
  });

  it("T20: software of another component is refused, though its bytes are signed", async () => {
    const published = await room.publish("1.0.0");
    await forge(room, {
      targets: (targets) => ({ ...targets, targets: moveTarget(targets, published.path, "stable/guard-1.0.0.tgz", { component: "guard" }) }),
    });
    const { client, release } = await findRelease("1.0.0", "guard");
    room.answers.set(blobOf(release), readFileSync(join(room.folder, "targets/stable", `${published.sha256}.agent-1.0.0.tgz`)));
    await expectRefused("wrong-release", () => client.download(release, downloads()));
    expect(readdirSync(downloads())).toEqual([]);
  });

  it("T20: a description that was moved to another name is not listed", async () => {
    const published = await room.publish("1.0.0");
    await forge(room, { targets: (targets) => ({ ...targets, targets: moveTarget(targets, published.path, "stable/agent-9.0.0.tgz", {}) }) });
    await expect(findRelease("9.0.0")).rejects.toThrow(/is not the version that was asked for|has no release/);
  });

  it("T20: a release that the repository does not list now is not downloaded", async () => {
    await room.publish("1.0.0");
    const { client, release } = await findRelease("1.0.0");
    await expectRefused("wrong-release", () => client.download({ ...release, sha256: "0".repeat(64) }, downloads()));
    await expectRefused("wrong-release", () => client.download({ ...release, path: "../../etc/passwd" }, downloads()));
  });

  it("T23: names that lead elsewhere are not listed, whoever signed them", async () => {
    const published = await room.publish("1.0.0");
    for (const path of ["../agent-1.0.1.tgz", "stable/../../agent-1.0.1.tgz", "/stable/agent-1.0.1.tgz", "stable\\agent-1.0.1.tgz"])
      await forge(room, {
        targets: (targets) => ({ ...targets, targets: { ...targets.targets, ...moveTarget(targets, published.path, path, { version: "1.0.1" }) } }),
      });
    const client = room.open();
    await client.refresh();
    expect(client.findRelease("agent", "stable", FRESH)).toMatchObject({ kind: "found", release: { path: "stable/agent-1.0.0.tgz" } });
  });

  it.each(["../self", "root.json/x", "Self", "a/b", "?", "#", "%2e%2e", "ü", "__proto__", ".self"])("T23: a role named %j is refused", async (name) => {
    await room.refresh();
    await forge(room, { targets: (targets) => handOn(targets, name, ["other/*"]) });
    expect((await expectRefused("layout", () => room.refresh())).message).toContain("no role that is known here");
  });

  it("T20: files that are not those of the description are refused", async () => {
    const { path } = await room.publish("1.0.0");
    await forge(room, { targets: (targets) => ({ ...targets, targets: moveTarget(targets, path, path, { filesDigest: "0".repeat(64) }) }) });
    const { client, release } = await findRelease("1.0.0");
    await expectRefused("wrong-release", () => client.download(release, downloads()));
  });

  it("what targets lists under a name of self's, self does not decide", async () => {
    const { path } = await room.publish("1.0.0", { channel: "self" });
    const client = room.open();
    await client.refresh();
    expect(client.findRelease("agent", "self", FRESH).kind).toBe("found");
    await forge(room, { targets: (targets) => ({ ...targets, targets: { [path]: { length: 1, hashes: { sha256: "0".repeat(64) } } } }) });
    await client.refresh();
    expect(client.findRelease("agent", "self", FRESH).kind).toBe("none");
  });

  it("self-authored packages cannot pose as others'", async () => {
    const published = await room.publish("1.0.0", { channel: "self" });
    await forge(room, { self: (self) => ({ ...self, targets: moveTarget(self, published.path, "stable/agent-1.0.0.tgz", { channel: "stable" }) }) });
    const client = room.open();
    await client.refresh();
    expect(client.findRelease("agent", "stable", FRESH).kind).toBe("none");
    expect(client.findRelease("agent", "self", FRESH).kind).toBe("none");
  });
});

describe("T32: a bundle", () => {
  const publishTwo = async () => {
    await room.publish("1.0.0");
    await room.publish("2.0.0", { release: await room.makeRelease({ component: "guard", version: "2.0.0" }, { "guard.js": "guard" }) });
    const client = room.open();
    await client.refresh();
    const releases = ["agent", "guard"]
      .map((component) => client.findRelease(component, "stable", FRESH))
      .flatMap((found) => (found.kind === "found" ? [found.release] : []));
    return { client, releases };
  };

  it("of components is there whole", async () => {
    const { client, releases } = await publishTwo();
    const bundle = await client.downloadBundle(releases, downloads());
    expect(readdirSync(downloads())).toEqual(["agent-1.0.0.tgz", "guard-2.0.0.tgz"]);
    expect(bundle.map(({ file }) => existsSync(file))).toEqual([true, true]);
  });

  it("is not there at all where one component is not to be had", async () => {
    const { client, releases } = await publishTwo();
    room.answers.set(blobOf(releases[1] as ReleaseTarget), Buffer.from("other"));
    await expectRefused("altered", () => client.downloadBundle(releases, downloads()));
    expect(readdirSync(room.place).filter((name) => /download|bundle/.test(name))).toEqual([]);
  });

  it("holds each component once, and never goes over what is there", async () => {
    const { client, releases } = await publishTwo();
    expect((await caught(() => client.downloadBundle([...releases, ...releases], downloads()))).code).toBe("CONFLICT");
    await client.downloadBundle(releases, downloads());
    expect((await caught(() => client.downloadBundle(releases, downloads()))).code).toBe("CONFLICT");
  });
});

describe("what a description must be", () => {
  it("a target without a digest is refused: any content of its length would do", async () => {
    const published = await room.publish("1.0.0");
    await forge(room, {
      targets: (targets) => ({
        ...targets,
        targets: { ...targets.targets, [published.path]: { ...targets.targets[published.path], hashes: {} } } as unknown as TargetsBody["targets"],
      }),
    });
    await expectRefused("layout", () => room.refresh());
  });

  it("one that says more of a channel than its role may is left out", () => {
    const target = { length: 1, hashes: { sha256: "0".repeat(64) }, custom: {} };
    expect(listTargets("targets", { targets: { "stable/agent-1.0.0.tgz": target } } as unknown as TargetsBody)).toEqual([]);
  });
});
