import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openJobOutput } from "./job-output.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-output-"));
});
afterEach(async () => rm(folder, { recursive: true }));

test("a log holds the head and the tail of what was written, whatever the pieces", async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 30 }), fc.integer({ min: 0, max: 200 }), async (chunks, limitBytes) => {
      const path = join(folder, `log${round++}`);
      const output = openJobOutput({ path, title: "t", limitBytes });
      for (const chunk of chunks) output.write(chunk);
      output.close();
      const all = Buffer.concat(chunks);
      const head = all.subarray(0, Math.floor(limitBytes / 2));
      const rest = all.subarray(head.length);
      const tail = rest.subarray(Math.max(0, rest.length - (limitBytes - Math.floor(limitBytes / 2))));
      const lost = all.length - head.length - tail.length;
      const notice = lost > 0 ? `\n== ${lost} bytes left out here ==\n` : "";
      expect(await readFile(path)).toEqual(Buffer.concat([Buffer.from("== t\n"), head, Buffer.from(notice), tail]));
    }),
    { numRuns: 100 },
  );
});

test("the tail is forty lines and 8 KiB at most, of whole characters", () => {
  const output = openJobOutput({ path: join(folder, "log"), title: "t", limitBytes: 100 });
  for (let line = 0; line < 1_000; line++) output.write(Buffer.from(`line ${line}\n`));
  const short = output.close();
  expect(short.split("\n")).toHaveLength(40);
  expect(short.endsWith("line 999")).toBe(true);
  const wide = openJobOutput({ path: join(folder, "log2"), title: "t", limitBytes: 100 });
  for (let line = 0; line < 50; line++) wide.write(Buffer.from(`${"€".repeat(301)}\n`));
  const tail = wide.close();
  expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(8_192);
  expect(tail).not.toContain("\ufffd");
});

test("a character split between two pieces stays whole, and bytes that are no text are no obstacle", () => {
  const lines: string[] = [];
  const output = openJobOutput({ path: join(folder, "log"), title: "t", limitBytes: 100, onLine: (line) => lines.push(line) });
  const euro = Buffer.from("a€b\r\n");
  output.write(euro.subarray(0, 2));
  output.write(euro.subarray(2));
  output.write(Uint8Array.of(0xff, 0xfe, 0x0a, 0xe2));
  output.close();
  expect(lines).toEqual(["a€b", "\ufffd\ufffd", "\ufffd"]);
});

test("a line without an end is given in pieces", () => {
  const lines: string[] = [];
  const output = openJobOutput({ path: join(folder, "log"), title: "t", limitBytes: 100, onLine: (line) => lines.push(line) });
  for (let piece = 0; piece < 100; piece++) output.write(Buffer.alloc(1_000, "x"));
  output.close();
  expect(Math.max(...lines.map((line) => line.length))).toBe(8_192);
  expect(lines.join("")).toHaveLength(100_000);
});

test("a log that cannot be written does not fail the job, and the tail says so", () => {
  const output = openJobOutput({ path: join(folder, "none", "log"), title: "t", limitBytes: 100 });
  output.write(Buffer.from("said\n"));
  expect(output.close()).toBe("said\n(the log could not be written: ENOENT)");
});
