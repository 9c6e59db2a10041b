import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A suite for `node --test` as people write them: small tests that compute, write files and start servers. */
export function writeSuite(folder: string, { files, testsInFile }: { files: number; testsInFile: number }): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "suite", "type": "module" }\n');
  for (let file = 1; file <= files; file += 1) writeFileSync(join(folder, `part-${file}.test.js`), renderFile(testsInFile));
}

function renderFile(tests: number): string {
  const bodies = [COMPUTES, WRITES, SERVES, COMPUTES];
  const all = Array.from({ length: tests }, (_, at) => `test("test ${at}", async () => {${bodies[at % bodies.length]}});\n`);
  return `${HEAD}${all.join("")}`;
}

const HEAD = `import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
`;

const COMPUTES = `
  let text = "x";
  for (let turn = 0; turn < 200; turn += 1) text = createHash("sha256").update(text).digest("hex");
  assert.equal(text.length, 64);
  assert.deepEqual(JSON.parse(JSON.stringify({ text, list: [1, 2, 3] })).list, [1, 2, 3]);
`;

const WRITES = `
  const folder = await mkdtemp(join(tmpdir(), "suite-"));
  for (const name of ["a", "b", "c"]) await writeFile(join(folder, name), name.repeat(10_000));
  assert.equal((await readFile(join(folder, "b"), "utf8")).length, 10_000);
  await rm(folder, { recursive: true });
`;

const SERVES = `
  const server = createServer((asked, answer) => answer.end(asked.url));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const answer = await fetch("http://127.0.0.1:" + server.address().port + "/here", { headers: { connection: "close" } });
  assert.equal(await answer.text(), "/here");
  await new Promise((resolve) => server.close(resolve));
`;
