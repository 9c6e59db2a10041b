import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeExport, makeKey, makeLines, writeFiles } from "./make-export.testing.ts";
import { run } from "./verify.mjs";

type Members = Record<string, unknown>;

const key = makeKey("instar.local/one");
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const SPKI = publicKey.export({ format: "der", type: "spki" }).toString("base64");
const sha256 = (text: string | Buffer) => createHash("sha256").update(text).digest();
const digest = (text: string) => `sha256:${sha256(text).toString("hex")}`;
/** RFC 8785, of what these tests have: no numbers that are not whole, and ASCII. */
const canonical = (value: unknown): string =>
  typeof value !== "object" || value === null
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? `[${value.map(canonical).join(",")}]`
      : `{${Object.keys(value)
          .filter((name) => (value as Members)[name] !== undefined)
          .toSorted()
          .map((name) => `${JSON.stringify(name)}:${canonical((value as Members)[name])}`)
          .join(",")}}`;

const STATEMENT = {
  ...{ format: "instar-approval/1", answer: "approve", instance: "demo", ledger: key.vkey, update: "u1", release: digest("r"), rules: digest("p"), by: "ada" },
  ...{ because: digest("read it"), origin: "http://localhost:4173", nonce: "AAAAAAAAAAAAAAAAAAAAAA", until: "2026-01-01T00:05:00.000Z" },
};
interface Odd {
  readonly statement?: Members;
  readonly client?: Members;
  readonly flags?: number;
  readonly host?: string;
  readonly details?: Members;
  readonly entry?: Members;
  /** Of what stands on the ledger, after it was signed. */
  readonly word?: Members;
}

/** An entry of the ledger that tells of an approval; signed, then made odd. */
function approval(odd: Odd, index: number, at: string, previous: string): string {
  const text = canonical({ ...STATEMENT, ...odd.statement });
  const client = JSON.stringify({
    type: "webauthn.get",
    challenge: sha256(text).toString("base64url"),
    origin: STATEMENT.origin,
    crossOrigin: false,
    ...odd.client,
  });
  const data = Buffer.concat([sha256(odd.host ?? "localhost"), Buffer.of(odd.flags ?? 5), Buffer.of(0, 0, 0, 1)]);
  const signature = sign("sha256", Buffer.concat([data, sha256(client)]), privateKey).toString("hex");
  const passkey = {
    text,
    id: "AAAAAAAAAAAA",
    host: "localhost",
    key: SPKI,
    clientData: client,
    authenticatorData: data.toString("hex"),
    signature,
    ...odd.word,
  };
  const details = { by: "ada", because: "read it", digest: digest("r"), policy: digest("p"), passkey, ...odd.details };
  return canonical({
    ...{ actor: { id: "ada", type: "user" }, at, description: "ada approved it", event: "UPDATE_APPROVED", update: "u1", index, previous, success: true },
    details,
    ...odd.entry,
  });
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-approvals-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function verify(
  odd: Odd = {},
  passkeys?: string,
): { status: number; verified: boolean; because?: string; checked: string[]; notes: string[]; warnings: string[] } {
  const lines = makeLines(4, (line, index) => {
    const { at, previous } = JSON.parse(line) as { at: string; previous: string };
    return index === 2 ? approval(odd, index, at, previous) : line;
  });
  writeFiles(makeExport({ lines, key }), folder);
  const list = join(folder, "list-from-elsewhere");
  if (passkeys !== undefined) writeFileSync(list, passkeys);
  const { status, text } = run([folder, "--json", "--key", key.vkey, ...(passkeys === undefined ? [] : ["--passkeys", list])]);
  return { status, ...JSON.parse(text) };
}

describe("an approval that a passkey signed", () => {
  const LIST = `# of the office\nbob localhost BBBBBBBBBBBB ${SPKI} phone\nada localhost AAAAAAAAAAAA ${SPKI} the laptop\n`;

  it("is verified, and whose the key is where a list is given", () => {
    const without = verify();
    expect(without).toMatchObject({
      status: 0,
      verified: true,
      checked: expect.arrayContaining([expect.stringContaining("1 approvals that passkeys signed")]),
    });
    expect(without.warnings.join()).toContain("give --passkeys with a list from elsewhere");
    expect(verify({}, LIST)).toMatchObject({ status: 0, verified: true, warnings: [] });
  });

  it.each([
    ["nobody's", "# nobody\n"],
    ["another key of hers", LIST.replace(`AAAAAAAAAAAA ${SPKI}`, `AAAAAAAAAAAA ${SPKI.replace("A", "B")}`)],
    ["somebody else's", LIST.replace("ada localhost", "eve localhost")],
    ["hers for another host", LIST.replace("ada localhost", "ada example.org")],
  ])("is not, where the list has %s", (_, list) =>
    expect(verify({}, list)).toMatchObject({ status: 1, because: expect.stringContaining("the given list does not have for ada") }),
  );

  it.each<[string, Odd, string]>([
    ["another update", { entry: { update: "u2" } }, "another update"],
    ["another release", { details: { digest: digest("x") } }, "another release"],
    ["other policies", { details: { policy: digest("x") } }, "other policies"],
    ["another comment", { details: { because: "did not" } }, "another comment"],
    ["another person", { entry: { actor: { id: "eve", type: "user" } } }, "another person"],
    ["another person, who says so", { details: { by: "eve" } }, "another person"],
    ["another answer", { statement: { answer: "reject" } }, "no approval"],
    ["a text that was changed", { word: { text: canonical({ ...STATEMENT, nonce: "BBBBBBBBBBBBBBBBBBBBBB" }) } }, "another text was signed"],
    ["a text that is not canonical", { word: { text: ` ${canonical(STATEMENT)}` } }, "no approval"],
    ["another place", { client: { origin: "http://localhost:8080" } }, "another place"],
    ["another place, by its own statement", { statement: { origin: "http://example.org" }, client: { origin: "http://example.org" } }, "another place"],
    ["another page's frame", { client: { crossOrigin: true } }, "page of somebody else"],
    ["the making of a passkey", { client: { type: "webauthn.create" } }, "something else"],
    ["another host", { host: "example.org" }, "another host"],
    ["nobody there", { flags: 4 }, "who was there"],
    ["nobody asked who", { flags: 1 }, "who was there"],
    ["authenticator's data cut short", { word: { authenticatorData: "00" } }, "another host"],
    ["a signature of somebody else", { word: { signature: sign("sha256", Buffer.from("x"), privateKey).toString("hex") } }, "the signature is wrong"],
    ["a key that is none", { word: { key: "AAAA" } }, "its key is none"],
    [
      "a key that signs nothing",
      { word: { key: generateKeyPairSync("x25519").publicKey.export({ format: "der", type: "spki" }).toString("base64") } },
      "wrong",
    ],
    ["a part missing", { word: { signature: null } }, "a part of it is missing"],
    ["nothing but a word", { details: { passkey: "yes" } }, "a part of it is missing"],
  ])("is not, with %s", (_, odd, because) => expect(verify(odd)).toMatchObject({ status: 1, verified: false, because: expect.stringContaining(because) }));

  it("is verified though its comment was cut or had a secret in it, which the ledger left out", () =>
    expect(verify({ details: { because: "the key is [redacted: API key]" } })).toMatchObject({ status: 0 }));

  it("and one that no passkey signed is told apart", () => {
    const { status, notes, checked } = verify({ details: { passkey: undefined } });
    expect([status, notes.join()]).toEqual([0, expect.stringContaining("approvals that no passkey signed: 1, the first is entry 2")]);
    expect(checked.join()).not.toContain("passkeys signed");
  });
});
