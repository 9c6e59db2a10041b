import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPERATIONS, type Operation } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askForFiles, writeAnswerFiles } from "./write-answer-files.ts";

let folder: string;
const to = () => join(folder, "report");
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const audit = OPERATIONS.find(({ name }) => name === "audit.report") as Operation;

describe("an answer of files", () => {
  it("is written into a new folder that its owner alone may read", async () => {
    const files = [
      { path: "proofs/12.tlog-proof", text: "a" },
      { path: "tables/failureCauses.csv", text: "é" },
      { path: "README.txt", text: "" },
      { path: "report.html", text: "<p>" },
    ];
    expect(await writeAnswerFiles(to(), files)).toEqual({ folder: to(), files: 4, sizeBytes: 6 });
    for (const { path, text } of files) expect(readFileSync(join(to(), path), "utf8")).toBe(text);
    expect(readdirSync(to()).sort()).toEqual(["README.txt", "proofs", "report.html", "tables"]);
    for (const path of ["", "proofs", "tables"]) expect(statSync(join(to(), path)).mode & 0o777).toBe(0o700);
    expect(statSync(join(to(), "report.html")).mode & 0o777).toBe(0o600);
  });
  it("may be of more files than can be open at once", async () => {
    const files = Array.from({ length: 1_000 }, (_, index) => ({ path: `proofs/${index}.json`, text: String(index) }));
    expect((await writeAnswerFiles(to(), files)).files).toBe(1_000);
    expect(readdirSync(join(to(), "proofs"))).toHaveLength(1_000);
  });
});

describe("what is asked for them", () => {
  it("is what the operation says", () => expect(askForFiles(audit, { kind: "all" })).toEqual({ kind: "all", format: "folder" }));
  it("may be said as well", () => expect(askForFiles(audit, { format: "folder" })).toEqual({ format: "folder" }));
});

describe("bad input", () => {
  it("another form beside the folder is refused", () =>
    expect(() => askForFiles(audit, { format: "csv" })).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })));
  for (const path of [
    ...[
      "../out",
      "proofs/../../out",
      "/etc/out",
      "a/b/c",
      "",
      ".",
      "..",
      ".hidden",
      "proofs/.hidden",
      "proofs/",
      "C:out",
      "a\\b",
      "a\u0000b",
      "a\n",
      "a.b.c",
      "-f",
    ],
  ])
    it(`the path ${JSON.stringify(path)} is refused, and nothing is written`, async () => {
      await expect(
        writeAnswerFiles(to(), [
          { path: "README.txt", text: "" },
          { path, text: "x" },
        ]),
      ).rejects.toMatchObject({ code: "INPUT_INVALID" });
      expect(existsSync(to())).toBe(false);
    });
  it("two files of one name are refused, also where only a careful file system tells them apart", async () => {
    for (const second of ["a.txt", "A.txt"])
      await expect(
        writeAnswerFiles(to(), [
          { path: "a.txt", text: "" },
          { path: second, text: "" },
        ]),
      ).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("faults", () => {
  const files = [{ path: "report.html", text: "" }];
  it("a folder that is there is left as it is", async () => {
    mkdirSync(to());
    await expect(writeAnswerFiles(to(), files)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(readdirSync(to())).toEqual([]);
  });
  it("a link that leads elsewhere is not followed", async () => {
    symlinkSync(folder, to());
    await expect(writeAnswerFiles(to(), files)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(readdirSync(folder)).toEqual(["report"]);
  });
  it("a folder that cannot be made is said to be", async () => {
    await expect(writeAnswerFiles(join(folder, "not", "there"), files)).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
  });
  it("a file that cannot be written leaves a folder without its last file", async () => {
    const long = `${"x".repeat(255)}`;
    await expect(writeAnswerFiles(to(), [{ path: "a.txt", text: "" }, { path: long + long, text: "" }, ...files])).rejects.toMatchObject({
      code: "PLATFORM_FAILED",
    });
    expect(existsSync(join(to(), "report.html"))).toBe(false);
  });
});
