import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Report, report as reportSchema } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../verifier/src/verify.mjs";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "../ledger/ledger.ts";
import { retainLedger } from "../ledger/retain-ledger.ts";
import { hashLeaf } from "../ledger/tree/hash-tree.ts";
import { renderVerifierKey } from "../ledger/tree/note-key.ts";
import { type MadeReport, makeReport, type ReportQuestion } from "./make-report.ts";
import { listCsvTables, renderReportCsv } from "./render-report-csv.ts";
import { CODE, ToldLedger } from "./tell-ledger.testing.ts";

const VERIFIER = fileURLToPath(new URL("../../../verifier/src/verify.mjs", import.meta.url));
const KEY = { name: "instar.local/test", key: generateKeyPairSync("ed25519").privateKey };
const VKEY = renderVerifierKey(KEY);
const DAY_MS = 86_400_000;

let folder: string;
let database: ReturnType<typeof openDatabase>;
let ledger: Ledger;
let nowMs = 0;
const files = () => join(folder, "ledger");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-report-"));
  database = openDatabase(join(folder, "instar.db"));
  ledger = new Ledger({ database, folder: files(), now: () => nowMs, key: KEY });
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** The same entries in a real ledger, at the times at which they are told. */
async function write({ entries }: ToldLedger, { isDrained = true } = {}): Promise<void> {
  transact(database, () => {
    for (const { index: _, at, previous: __, ...statement } of entries) {
      nowMs = Date.parse(at);
      ledger.append(statement);
    }
  });
  if (isDrained) await ledger.drain();
}

const make = (question: Partial<ReportQuestion> = {}): Promise<MadeReport> =>
  makeReport({
    ...{ kind: "all", format: "text", instance: "demo", madeAt: "2026-03-30T00:00:00.000Z" },
    ...{ folder: files(), key: KEY, readVerifier: () => readFileSync(VERIFIER, "utf8") },
    ...question,
  });

function tell(updates = 30): ToldLedger {
  const told = new ToldLedger("2026-03-02T00:00:00.000Z");
  for (let update = 0; update < updates; update += 1) {
    const version = `1.${update}.0`;
    told.detect(version).begin(`u${update}`, CODE, { versionTo: version });
    if (update % 10 === 3) told.goBack(`u${update}`);
    else if (update % 10 === 6) told.refuse(`u${update}`, "validate", "=2+2");
    else told.commit(`u${update}`);
  }
  return told;
}

/** Lays the files out as they are handed over. */
function layOut(made: MadeReport): string {
  const to = join(folder, "out");
  for (const { path, text } of made.files) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), text);
  }
  return to;
}
const linksOf = (page: string) => [...page.matchAll(/href="([^"#][^"]*)"/g)].map(([, href = ""]) => href);
const verify = (to: string, index: number | string) => run(["proof", join(to, `proofs/${index}.tlog-proof`), join(to, `proofs/${index}.json`), "--key", VKEY]);

describe("a report of a ledger", () => {
  it("names the checkpoint, and of each listed entry the leaf hash in that tree", async () => {
    await write(tell());
    const { report } = await make();
    const note = readFileSync(join(files(), "checkpoint"), "utf8");
    expect(report.checkpoint).toEqual({ size: ledger.head().length, root: note.split("\n")[2], key: VKEY, note });
    expect(report.entries.listed.length).toBeGreaterThan(300);
    const { files: handed } = await make({ format: "folder" });
    for (const { index, leafHash } of report.entries.listed) {
      const entry = handed.find(({ path }) => path === `proofs/${index}.json`)?.text ?? "";
      expect([index, leafHash]).toEqual([index, hashLeaf(Buffer.from(entry)).toString("base64")]);
    }
  });

  it("is the same as data, and has the hashes on its page", async () => {
    await write(tell(3));
    const { report, text } = await make({ format: "json" });
    expect(reportSchema.parse(JSON.parse(text))).toEqual(report);
    expect((await make({ format: "html" })).text).toContain(`<code>${report.entries.listed[0]?.leafHash}</code>`);
  });

  it("has no hash of what the checkpoint does not cover yet, and none at all where nothing is signed", async () => {
    const hashesOf = ({ entries }: Report) => entries.listed.map(({ leafHash }) => leafHash !== null);
    await write(tell(1));
    const note = readFileSync(join(files(), "checkpoint"));
    const { length } = ledger.head();
    await write(tell(2));
    writeFileSync(join(files(), "checkpoint"), note);
    const { report, files: handed } = await make({ format: "folder" });
    expect(hashesOf(report)).toEqual(report.entries.listed.map(({ index }) => index < length));
    expect(handed.filter(({ path }) => path.endsWith(".tlog-proof"))).toHaveLength(length);
    const withoutKey = await make({ format: "folder", key: null });
    rmSync(join(files(), "checkpoint"));
    for (const unsigned of [withoutKey, await make({ format: "folder" })]) {
      expect([unsigned.report.checkpoint, hashesOf(unsigned.report).includes(true)]).toEqual([null, false]);
      expect(unsigned.files.map(({ path }) => path).filter((path) => /^proofs|^verify|^checkpoint/.test(path))).toEqual([]);
      expect(unsigned.files.find(({ path }) => path === "README.txt")?.text).toContain("no receipts");
    }
  });

  it("of a ledger without entries is empty, in every form", async () => {
    for (const format of ["text", "json", "html", "folder"] as const) expect((await make({ format })).report.entries.total).toBe(0);
  });

  it("goes on where older bundles lie in an archive: of those entries nothing is told", async () => {
    await write(tell(40));
    nowMs += 200 * DAY_MS;
    await retainLedger(files(), nowMs, { compressAfterMs: DAY_MS, archive: join(folder, "archive"), moveAfterMs: 2 * DAY_MS, keepAtMostBytes: 1e9 });
    const { report, files: handed } = await make({ format: "folder" });
    expect(report.entries.listed[0]?.index).toBe(512);
    expect(handed.filter(({ path }) => path.endsWith(".tlog-proof"))).toHaveLength(report.entries.listed.length);
    const to = layOut({ report, files: handed, text: "" });
    expect(verify(to, 512)).toMatchObject({ status: 0 });
  });
});

describe("a report as a folder", () => {
  it("has behind every link of its page a file, and each receipt is verified by who shares no code with us", async () => {
    await write(tell());
    const made = await make({ format: "folder" });
    const to = layOut(made);
    const page = readFileSync(join(to, "report.html"), "utf8");
    const paths = new Set(made.files.map(({ path }) => path));
    const links = linksOf(page);
    expect(links.filter((href) => !paths.has(href))).toEqual([]);
    const receipts = links.filter((href) => href.endsWith(".tlog-proof"));
    expect(receipts).toEqual(made.report.entries.listed.map(({ index }) => `proofs/${index}.tlog-proof`));
    for (const href of receipts) expect(verify(to, href.replace(/^proofs\/|\.tlog-proof$/g, ""))).toMatchObject({ status: 0 });
  });

  it("has each table as CSV, the data, and the verifier; the page comes last", async () => {
    await write(tell(5));
    const { report, files: handed } = await make({ format: "folder" });
    const textOf = (path: string) => handed.find((file) => file.path === path)?.text;
    for (const table of listCsvTables(report)) expect([table, textOf(`tables/${table}.csv`)]).toEqual([table, renderReportCsv(report, table)]);
    expect(JSON.parse(textOf("report.json") ?? "")).toEqual(report);
    expect(textOf("verify.mjs")).toBe(readFileSync(VERIFIER, "utf8"));
    expect(textOf("checkpoint")).toBe(report.checkpoint?.note);
    expect(textOf("README.txt")).toContain(VKEY);
    expect(handed.at(-1)?.path).toBe("report.html");
    expect(new Set(handed.map(({ path }) => path)).size).toBe(handed.length);
  });

  it("has receipts of entries of several bundles", async () => {
    await write(tell(60));
    const made = await make({ format: "folder" });
    const to = layOut(made);
    for (const index of [0, 255, 256, 400, 511, 512, 767, ledger.head().length - 1]) expect([index, verify(to, index).status]).toEqual([index, 0]);
  });

  it("has the newest receipts where not all have room, in their order, and links no others", async () => {
    await write(tell(5));
    const made = await make({ format: "folder", mostProofCharacters: 20_000 });
    const proved = made.files.flatMap(({ path }) => /^proofs\/(\d+)\.tlog-proof$/.exec(path)?.[1] ?? []).map(Number);
    const { listed } = made.report.entries;
    expect(proved.length).toBeGreaterThan(3);
    expect(proved.length).toBeLessThan(listed.length);
    expect(proved).toEqual(listed.slice(-proved.length).map(({ index }) => index));
    const page = made.files.at(-1)?.text ?? "";
    expect(linksOf(page).filter((href) => href.endsWith(".tlog-proof"))).toEqual(proved.map((index) => `proofs/${index}.tlog-proof`));
  });

  it("has receipts that do not hold for another entry", async () => {
    await write(tell(5));
    const to = layOut(await make({ format: "folder" }));
    writeFileSync(join(to, "proofs/3.json"), readFileSync(join(to, "proofs/4.json")));
    expect(verify(to, 3)).toMatchObject({ status: 1 });
  });
});

describe("a report as CSV", () => {
  it("is the table that was named, without what a spreadsheet would compute", async () => {
    await write(tell());
    const { text } = await make({ format: "csv", table: "failures" });
    expect(text.split("\r\n")[0]).toMatch(/^update,sort,/);
    expect(text).toContain("'=2+2");
    expect(text).not.toContain(",=2+2");
  });
});

describe("bad input", () => {
  for (const [what, question, message] of [
    ["CSV without a table", { format: "csv" }, "not said which"],
    ["a table that there is not", { format: "csv", table: "invoices" }, "no such table"],
    ["a table of another kind of report", { kind: "security", format: "csv", table: "rollbacks" }, "no such table"],
    ["a table without a name", { format: "csv", table: "" }, "no such table"],
    ["a table of a page", { format: "html", table: "updates" }, "as CSV only"],
    ["a table of a folder", { format: "folder", table: "updates" }, "as CSV only"],
    ["a period that ends before it begins", { from: "2026-02-02", to: "2026-02-01" }, "ends before"],
  ] as const)
    it(`${what} is refused before the ledger is read`, async () => {
      mkdirSync(files());
      writeFileSync(join(files(), "00000000.jsonl"), "this is no entry\n");
      await expect(make(question)).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining(message) });
    });
  it("the refusal names the tables that there are", async () => {
    await expect(make({ kind: "rollbacks", format: "csv" })).rejects.toMatchObject({
      advice: expect.stringContaining("rollbacks, rollbackCauses, figures, entries"),
    });
  });
});

describe("faults", () => {
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(join(files(), path), change(readFileSync(join(files(), path), "latin1")), "latin1");
  const damaged = { code: "LEDGER_DAMAGED" };
  it("an entry of a bundle that was edited makes no report, in any form", async () => {
    await write(tell());
    edit("tile/entries/000", (text) => text.replace("1.3.0", "1.9.0"));
    for (const format of ["text", "json", "html", "folder"] as const)
      await expect(make({ format })).rejects.toMatchObject({ ...damaged, message: expect.stringContaining("not the one that was signed") });
  });
  it("an entry of the tail that was edited has no receipt that would fail elsewhere", async () => {
    await write(tell(2));
    edit("00000000.jsonl", (text) => text.replace("1.1.0", "1.9.0"));
    await expect(make({ format: "folder" })).rejects.toMatchObject(damaged);
  });
  it("a checkpoint of another key makes no report", async () => {
    await write(tell(2));
    const key = { name: KEY.name, key: generateKeyPairSync("ed25519").privateKey };
    await expect(make({ key })).rejects.toMatchObject({ ...damaged, message: expect.stringContaining("not this ledger's") });
  });
  it("a tile that is missing makes no report", async () => {
    await write(tell());
    rmSync(join(files(), "tile/0/000"));
    await expect(make()).rejects.toMatchObject(damaged);
  });
  it("an installation without the verifier makes no folder", async () => {
    await write(tell(2));
    const readVerifier = () => {
      throw new Error("it is missing");
    };
    await expect(make({ format: "folder", readVerifier })).rejects.toThrow("it is missing");
  });
});
