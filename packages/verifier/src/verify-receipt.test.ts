import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeCheckpoint, makeKey, makeLines, makeReceipt } from "./make-export.testing.ts";
import { run } from "./verify.mjs";

const key = makeKey("instar.local/one");
const lines = makeLines(300);
const good = makeReceipt(lines, 70, key);
const entry = lines[70] ?? "";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-receipt-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function verify(receipt: string | Buffer, line: string | Buffer, vkey = key.vkey): { verified: boolean; because?: string } {
  const [receiptPath, entryPath] = [join(folder, "70.tlog-proof"), join(folder, "70.json")];
  writeFileSync(receiptPath, receipt);
  writeFileSync(entryPath, line);
  const { status, text } = run(["proof", receiptPath, entryPath, "--key", vkey, "--json"]);
  const answer = JSON.parse(text) as { verified: boolean };
  expect(status).toBe(answer.verified ? 0 : 1);
  return answer;
}
const refused = (because: RegExp) => ({ verified: false, because: expect.stringMatching(because) });

describe("a receipt is verified", () => {
  it("and its entry is told", () => {
    expect(verify(good, entry)).toMatchObject({ verified: true, log: key.name, size: 300, index: 70, event: "STEP", actor: "test", description: "entry 70" });
  });

  it("of every entry of every small ledger", () => {
    for (let size = 1; size <= 20; size += 1)
      for (let index = 0; index < size; index += 1)
        expect(verify(makeReceipt(lines.slice(0, size), index, key), lines[index] ?? "")).toMatchObject({ verified: true, index, size });
  });

  it("also where the entry's file ends with a newline", () => {
    expect(verify(good, `${entry}\n`)).toMatchObject({ verified: true });
  });

  it("with extra data, which is passed over", () => {
    expect(verify(good.replace("index", "extra AAAA\nindex"), entry)).toMatchObject({ verified: true });
  });
});

describe("a receipt is refused", () => {
  const hashes = good.split("\n").slice(2, 11);
  for (const [fault, receipt, line, because] of [
    ["of an edited entry", good, entry.replace("entry 70", "entry 71"), /does not lead from this entry to the checkpoint's root/],
    ["of another entry", good, lines[71], /does not lead/],
    ["of an entry with two newlines behind it", good, `${entry}\n\n`, /does not lead/],
    ["of an entry with Windows' line end", good, `${entry}\r\n`, /does not lead/],
    ["of an empty entry", good, "", /does not lead/],
    ["of an entry that is too large", good, Buffer.alloc(65_537, "a"), /^the entry file is larger than 65536 bytes$/],
    ["with the index of another entry", good.replace("index 70", "index 71"), entry, /does not lead/],
    ["with an index beyond the ledger", good.replace("index 70", "index 300"), entry, /^the receipt is of entry 300, and its checkpoint covers 300/],
    ["with an index of leading zeros", good.replace("index 70", "index 070"), entry, /^the receipt does not name an index/],
    ["with an index below zero", good.replace("index 70", "index -1"), entry, /^the receipt does not name an index/],
    ["without index", good.replace("index 70\n", ""), entry, /^the receipt does not name an index/],
    ["with a hash less", good.replace(`${hashes[8]}\n`, ""), entry, /does not lead/],
    ["with a hash more", good.replace(`${hashes[8]}\n`, `${hashes[8]}\n${hashes[8]}\n`), entry, /does not lead/],
    ["with an edited hash", good.replace(`${hashes[3]}`, `${hashes[4]}`), entry, /does not lead/],
    ["with reordered hashes", good.replace(`${hashes[3]}\n${hashes[4]}`, `${hashes[4]}\n${hashes[3]}`), entry, /does not lead/],
    ["with a hash that is too short", good.replace(`${hashes[3]}`, "AAAA"), entry, /^the receipt does not name an index and a list of hashes$/],
    ["with a hash in another spelling", good.replace(`${hashes[3]}`, `${hashes[3]?.replace("=", "")}`), entry, /list of hashes$/],
    ["with an edited checkpoint", good.replace("\n300\n", "\n301\n"), entry, /^the receipt's checkpoint: the signature of .* is wrong$/],
    ["with the checkpoint of another time", swapCheckpoint(makeCheckpoint(lines.slice(0, 299), key)), entry, /does not lead/],
    ["with a checkpoint that another key signed", makeReceipt(lines, 70, makeKey("instar.local/one")), entry, /^the receipt's checkpoint is not signed by/],
    ["without checkpoint", `${good.split("\n\n")[0]}\n\n`, entry, /^the receipt's checkpoint is not a signed note$/],
    ["of a version of the future", good.replace("@v1", "@v2"), entry, /^the receipt is not a c2sp\.org\/tlog-proof@v1$/],
    ["that is empty", "", entry, /^the receipt is not a c2sp/],
    ["that is not text", Buffer.of(0xff), entry, /^the receipt is not UTF-8 text$/],
    ["that is too large", Buffer.alloc(1_100_000), entry, /^the receipt is larger than/],
  ] as [string, string | Buffer, string | Buffer, RegExp][])
    it(fault, () => {
      expect(verify(receipt, line)).toMatchObject(refused(because));
    });

  it("where the whole ledger is one entry, and hashes follow", () => {
    const single = makeReceipt(lines.slice(0, 1), 0, key);
    expect(verify(single.replace("index 0\n", `index 0\n${hashes[0]}\n`), lines[0] ?? "")).toMatchObject(refused(/does not lead/));
  });

  it("where the recorded entry says that it is at another place", () => {
    const odd = makeLines(3, (line, index) => line.replace(/"index":\d/, `"index":${index + 1}`));
    expect(verify(makeReceipt(odd, 1, key), odd[1] ?? "")).toMatchObject(refused(/^entry 1 in the entry file says that it is at another place$/));
  });

  it("where what was recorded is no entry", () => {
    expect(verify(makeReceipt(["a", "b"], 1, key), "b")).toMatchObject(refused(/^entry 1 in the entry file is not JSON$/));
  });
});

function swapCheckpoint(checkpoint: string): string {
  return `${good.split("\n\n")[0]}\n\n${checkpoint}`;
}
