import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeExport, makeKey, makeLines, makeReceipt, writeFiles } from "./make-export.testing.ts";
import { run } from "./verify.mjs";

const key = makeKey("instar.local/one");
const lines = makeLines(600);
const files: Files = makeExport({ lines, key });
const paths = [...files.keys()];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-garbage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One thing that a hostile hand or a bad disk does to bytes. What it gives is never what it was given. */
const damage = fc.oneof(
  fc.record({ at: fc.double({ min: 0, max: 0.999_999, noNaN: true }), bit: fc.integer({ min: 0, max: 7 }) }).map(({ at, bit }) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    const place = Math.floor(at * copy.length);
    copy[place] = (copy[place] ?? 0) ^ (1 << bit);
    return copy;
  }),
  fc.double({ min: 0, max: 0.999_999, noNaN: true }).map((at) => (bytes: Buffer) => bytes.subarray(0, Math.floor(at * bytes.length))),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => (bytes: Buffer) => Buffer.concat([bytes, more])),
  fc.uint8Array({ maxLength: 400 }).map((other) => () => Buffer.from(other)),
);

/** A sentence of ours: none of the system's or a parser's words, and nothing that steers a terminal. */
function expectSentence(text: string): void {
  const answer = JSON.parse(text) as { because?: string };
  expect(answer.because).toMatch(/^[\p{L}\p{N}\p{P}\p{S} ]+$/u);
  expect(answer.because).not.toMatch(/Error|ENO|EACC|EIS|at .*:\d+|Unexpected token|does not know how to judge/);
}

describe("whatever is damaged", () => {
  it("of a file that the signature covers, the export is refused with one sentence", () => {
    writeFiles(files, folder);
    const covered = paths.filter((path) => path !== "bundle.json");
    fc.assert(
      fc.property(fc.constantFrom(...covered), damage, (path, spoil) => {
        const good = files.get(path) ?? Buffer.alloc(0);
        writeFileSync(join(folder, path), spoil(good));
        const { status, text } = run([folder, "--key", key.vkey, "--json"]);
        writeFileSync(join(folder, path), good);
        expect(status).toBe(1);
        expectSentence(text);
      }),
      { numRuns: 500 },
    );
    expect(run([folder, "--key", key.vkey]).status).toBe(0);
  });

  it("of bundle.json, there is an answer, and what is verified is what was signed", () => {
    writeFiles(files, folder);
    fc.assert(
      fc.property(damage, (spoil) => {
        writeFileSync(join(folder, "bundle.json"), spoil(files.get("bundle.json") ?? Buffer.alloc(0)));
        const { status, text } = run([folder, "--key", key.vkey, "--json"]);
        if (status === 0) expect(JSON.parse(text)).toMatchObject({ verified: true, log: key.name, size: 600, shown: 600 });
        else expectSentence(text);
      }),
      { numRuns: 300 },
    );
  });

  it("of a receipt or its entry, it is refused with one sentence", () => {
    const [receiptPath, entryPath] = [join(folder, "receipt"), join(folder, "entry")];
    const good = { receipt: Buffer.from(makeReceipt(lines, 300, key)), entry: Buffer.from(lines[300] ?? "") };
    fc.assert(
      fc.property(fc.constantFrom("receipt" as const, "entry" as const), damage, (part, spoil) => {
        const spoilt = spoil(good[part]);
        fc.pre(!(part === "entry" && spoilt.equals(Buffer.concat([good.entry, Buffer.from("\n")]))));
        writeFileSync(receiptPath, part === "receipt" ? spoilt : good.receipt);
        writeFileSync(entryPath, part === "entry" ? spoilt : good.entry);
        const { status, text } = run(["proof", receiptPath, entryPath, "--key", key.vkey, "--json"]);
        expect(status).toBe(1);
        expectSentence(text);
      }),
      { numRuns: 500 },
    );
  });

  it("of everything at once: garbage in every file", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: paths.length, maxLength: paths.length }), fc.json(), (all, json) => {
        for (const [at, path] of paths.entries()) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), path === "bundle.json" ? json : (all[at] ?? ""));
        }
        const { status, text } = run([folder, "--json"]);
        expect(status).toBe(1);
        expectSentence(text);
      }),
      { numRuns: 100 },
    );
  });
});
