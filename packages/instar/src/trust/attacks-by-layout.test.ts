import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { handOn, makeAttackTools } from "./attack-tools.testing.ts";
import { findLayoutProblem } from "./judge-metadata.ts";
import type { TargetsBody } from "./metadata-bodies.ts";
import { renderDocument, signDocument } from "./signed-document.ts";
import { forge, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());
const { accepted, expectRefused, publishAltered } = makeAttackTools(() => room);

describe("roles that hand on", () => {
  it("T30: a role that two others hand to is refused, though every signature is good", async () => {
    await room.refresh();
    const [one, two] = await room.keys("self-1", "self-2");
    if (one === undefined || two === undefined) throw new Error("no keys");
    const common = { name: "common", keyids: [one.keyId], threshold: 1, terminating: false, paths: ["self/*"] };
    const between: TargetsBody = { ...room.read("1.self.json").signed, delegations: { keys: { [one.keyId]: one.publicKey }, roles: [common] } };
    const file = (body: TargetsBody) => async () => signDocument({ signed: body, signatures: [] }, [one, two]);
    await forge(room, {
      targets: (targets) => handOn(handOn(targets, "left"), "right"),
      more: { "1.left.json": file(between), "1.right.json": file(between), "1.common.json": file(room.read("1.self.json").signed) },
      snapshot: ({ meta, ...snapshot }) => ({
        ...snapshot,
        meta: { ...meta, "left.json": { version: 1 }, "right.json": { version: 1 }, "common.json": { version: 1 } },
      }),
    });
    await expectRefused("layout", () => room.refresh());
    expect(room.asked).toContain("metadata/1.common.json");
  });

  it("T30: a role that is handed to twice, or hands on itself, is refused", async () => {
    await room.refresh();
    await forge(room, { self: (self) => ({ ...self, delegations: { keys: {}, roles: [] } }) });
    expect((await expectRefused("layout", () => room.refresh())).message).toContain("hands on to others");
    const document = room.read("1.targets.json");
    const twice = handOn(document.signed, "self");
    await publishAltered("2.targets.json", renderDocument({ ...document, signed: { ...twice, version: 2 } }));
    await expectRefused("malformed", () => room.refresh());
    expect(findLayoutProblem({ ...accepted(), targets: twice })).toContain("twice");
  });

  it("T30: self is handed its own names and no more", async () => {
    await room.refresh();
    await forge(room, {
      targets: ({ delegations, ...targets }) => ({
        ...targets,
        ...(delegations === undefined
          ? {}
          : { delegations: { ...delegations, roles: delegations.roles.map((role) => ({ ...role, paths: ["self/*", "stable/*"] })) } }),
      }),
    });
    expect((await expectRefused("layout", () => room.refresh())).message).toContain("more than self/*");
  });
});
