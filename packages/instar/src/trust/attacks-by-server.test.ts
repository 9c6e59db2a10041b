import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobOf, caught, FRESH, makeAttackTools } from "./attack-tools.testing.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import { makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());
const { listMetadata, expectRefused, findRelease, downloads } = makeAttackTools(() => room);

describe("how it is answered", () => {
  const endless: Parameters<TrustRoom["answers"]["set"]>[1] = (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };

  it.each(["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "1.self.json"])("T12: an endless %s is not read on", async (name) => {
    room.answers.set(`metadata/${name}`, endless);
    expect((await expectRefused("too-large", () => room.refresh())).message).toMatch(/more than the \d+ bytes that it may have/);
  });

  it("T12: a good timestamp that is longer than any may be is refused", async () => {
    room.answers.set(
      "metadata/timestamp.json",
      Buffer.concat([readFileSync(join(room.folder, "metadata/timestamp.json")), Buffer.alloc(CLIENT_LIMITS.timestampBytes, 32)]),
    );
    await expectRefused("too-large", () => room.refresh());
  });

  it("T12: a chain of roots without end is not read on", async () => {
    const root = Buffer.concat([room.shippedRoot, Buffer.alloc(400_000, 32)]);
    room.answers.set("metadata/2.root.json", root);
    await expectRefused("too-large", () => room.open({ limits: { metadataBytes: 300_000 } }).refresh());
  });

  it("T13: an endless blob is not read on, and nothing of it is left", async () => {
    await room.publish("1.0.0");
    const { client, release } = await findRelease("1.0.0");
    room.answers.set(blobOf(release), endless);
    await expectRefused("too-large", () => client.download(release, downloads()));
    expect(readdirSync(downloads())).toEqual([]);
  });

  it("T13: a blob that is signed to be larger than allowed is not asked for", async () => {
    await room.publish("1.0.0");
    await room.refresh();
    const client = room.open({ limits: { targetBytes: 10 } });
    await client.refresh();
    const found = client.findRelease("agent", "stable", FRESH);
    if (found.kind === "none") throw new Error(found.because);
    await expectRefused("too-large", () => client.download(found.release, downloads()));
  });

  it("T13: a release that unpacks to more than allowed is refused", async () => {
    await room.publish("1.0.0", { release: await room.makeRelease({}, { zeros: "0".repeat(500_000) }) });
    const client = room.open({ limits: { release: { unpackedBytes: 100_000, files: 10 } } });
    await client.refresh();
    const found = client.findRelease("agent", "stable", FRESH);
    if (found.kind === "none") throw new Error(found.because);
    expect(await caught(() => client.download(found.release, downloads()))).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: expect.stringContaining("100000 bytes"),
    });
  });

  it.each(["timestamp.json", "1.snapshot.json", "1.targets.json"])(
    "T14: a %s that never ends is given up at the deadline, and the folder is as before",
    async (name) => {
      room.answers.set(`metadata/${name}`, (_, response) => {
        response.write("{");
        room.clock.advance(CLIENT_LIMITS.deadlineMs);
      });
      const before = listMetadata();
      expect(await caught(() => room.refresh())).toMatchObject({ code: "TIMED_OUT", transient: true });
      expect(listMetadata()).toEqual(before);
    },
  );

  it("T14: a blob that trickles is given up at the deadline", async () => {
    await room.publish("1.0.0");
    const { client, release } = await findRelease("1.0.0");
    room.answers.set(blobOf(release), (_, response) => {
      response.write("x");
      room.clock.advance(CLIENT_LIMITS.deadlineMs);
    });
    expect((await caught(() => client.download(release, downloads()))).code).toBe("TIMED_OUT");
    expect(readdirSync(downloads())).toEqual([]);
  });

  it("T14: who calls it off is heard", async () => {
    const stop = new AbortController();
    room.answers.set("metadata/timestamp.json", () => stop.abort(new InstarError("CANCELLED", "enough")));
    expect((await caught(() => room.open({ signal: stop.signal }).refresh())).code).toBe("CANCELLED");
    const silently = new AbortController();
    room.answers.set("metadata/timestamp.json", () => silently.abort(new Error("a reason of its own")));
    await expect(room.open({ signal: silently.signal }).refresh()).rejects.toThrow("a reason of its own");
    await expect(room.open({ signal: AbortSignal.abort(new Error("before")) }).refresh()).rejects.toThrow("before");
  });

  it.each([
    ["timestamp.json", "1.snapshot.json"],
    ["1.snapshot.json", "1.targets.json"],
    ["1.targets.json", "1.root.json"],
    ["2.root.json", "1.targets.json"],
  ])("T21: a %s that is a %s is refused", async (name, other) => {
    room.answers.set(`metadata/${name}`, readFileSync(join(room.folder, "metadata", other)));
    await expectRefused(/malformed|altered|too-large/, () => room.refresh());
  });

  it("leads to no other server", async () => {
    room.answers.set("metadata/timestamp.json", (_, response) => response.writeHead(302, { location: `${room.origin}/metadata/1.snapshot.json` }).end());
    expect((await caught(() => room.refresh())).code).toBe("SOURCE_GONE");
    expect(room.asked.at(-1)).toBe("metadata/timestamp.json");
  });

  const garbage = [
    Buffer.alloc(0),
    Buffer.from('{"signed":{"_type":"timest'),
    Buffer.alloc(500),
    Buffer.from("null"),
    Buffer.from("[]"),
    Buffer.from("{}"),
    Buffer.from('{"signed":null,"signatures":[]}'),
    Buffer.from(`${"[".repeat(7_000)}${"]".repeat(7_000)}`),
    Buffer.from("<!doctype html>"),
  ];
  it.each(["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "1.self.json"])(
    "bad input: a %s that is none is refused, whatever it is",
    async (name) => {
      for (const bytes of garbage) {
        room.answers.set(`metadata/${name}`, bytes);
        await expectRefused(/malformed|altered|too-large/, () => room.refresh());
      }
    },
  );

  it.each(["timestamp.json", "1.snapshot.json", "1.targets.json", "1.self.json"])("a %s that is missing is a repository that does not answer", async (name) => {
    room.answers.set(`metadata/${name}`, (_, response) => response.writeHead(404).end());
    expect(await caught(() => room.refresh())).toMatchObject({ code: "SOURCE_GONE", facts: { status: 404 } });
  });
});
