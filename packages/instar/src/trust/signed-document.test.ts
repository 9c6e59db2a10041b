import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { planFirstSelf } from "./plan-metadata.ts";
import { isSigned, listSigners, renderDocument, type SigningRule, signDocument } from "./signed-document.ts";
import { makeKey, type SigningKey } from "./signing-keys.ts";
import { makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
let one: SigningKey;
let two: SigningKey;
beforeEach(async () => {
  room = await makeTrustRoom();
  [one, two] = [await makeKey(room.keysFolder, "one"), await makeKey(room.keysFolder, "two")];
});
afterEach(() => room.close());

const ruleOf = (keys: Record<string, unknown>, threshold = 2): SigningRule => ({ keys, keyIds: Object.keys(keys), threshold });

describe("signatures", () => {
  it("count once for each key that the rule names", () => {
    const document = signDocument({ signed: planFirstSelf(0), signatures: [] }, [one, two]);
    expect(isSigned(document, ruleOf({ [one.keyId]: one.publicKey, [two.keyId]: two.publicKey }))).toBe(true);
    expect(isSigned(document, ruleOf({ [one.keyId]: one.publicKey }, 2))).toBe(false);
    expect(isSigned(signDocument(document, [one]), ruleOf({ [one.keyId]: one.publicKey }, 1))).toBe(true);
  });

  it("of another version of TUF count for nothing, and are told as damage", () => {
    const document = signDocument({ signed: planFirstSelf(0), signatures: [] }, [one]);
    for (const spec_version of ["2.0.0", "one", "1.0/31"]) {
      const other = { ...document, signed: { ...document.signed, spec_version } };
      expect(() => isSigned(other, ruleOf({ [one.keyId]: one.publicKey }, 1))).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
    }
  });

  it("of one key under two ids count once", () => {
    const alias = "a".repeat(64);
    const document = signDocument({ signed: planFirstSelf(0), signatures: [] }, [one, { ...one, keyId: alias }]);
    expect(listSigners(document, ruleOf({ [one.keyId]: one.publicKey, [alias]: one.publicKey }))).toHaveLength(1);
  });

  it("count for nothing once anything was changed, and none is added by writing it again", () => {
    const document = signDocument({ signed: planFirstSelf(0), signatures: [] }, [one]);
    const rule = ruleOf({ [one.keyId]: one.publicKey }, 1);
    expect(isSigned({ ...document, signed: { ...document.signed, version: 2 } }, rule)).toBe(false);
    expect(isSigned({ ...document, signatures: document.signatures.map((each) => ({ ...each, sig: `00${each.sig.slice(2)}` })) }, rule)).toBe(false);
    expect(renderDocument(JSON.parse(renderDocument(document).toString()))).toEqual(renderDocument(document));
  });
});
