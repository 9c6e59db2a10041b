import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const home = fileURLToPath(new URL("..", import.meta.url));
let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-sdk-built-"));
  bundle = join(folder, "index.mjs");
  await build({
    entryPoints: [join(home, "src", "index.ts")],
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the package as it is installed", () => {
  it("is one file of plain JavaScript that needs nothing but Node", () => {
    const text = readFileSync(bundle, "utf8");
    const imported = [...text.matchAll(/(?:from|import)\s*\(?["']([^"']+)["']/g)].map((match) => match[1]);
    expect(imported.filter((name) => !name?.startsWith("node:"))).toEqual([]);
    expect(JSON.parse(readFileSync(join(home, "package.json"), "utf8"))).not.toHaveProperty("dependencies");
  });

  it("exports what docs/sdk.md tells of, and nothing else; reading it starts nothing", async () => {
    const say = `process.stdout.write(Object.keys(await import(${JSON.stringify(bundle)})).join(" "))`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", say], { env: {} });
    const names = ["InstarCallError", "connect", "createMetrics", "healthHandler", "onDrain", "serveHealth"];
    expect(stdout.split(" ").toSorted()).toEqual(names);
    const told = readFileSync(join(home, "..", "..", "docs", "sdk.md"), "utf8");
    expect(names.filter((name) => !told.includes(`${name}(`) && !told.includes(`${name}.`))).toEqual([]);
  });

  it("has metrics and health that keep no process alive", async () => {
    const use = `const { createMetrics, connect } = await import(${JSON.stringify(bundle)}); createMetrics().counter("a_total", "a").add(); connect().resume(() => {}, { onError: () => {} });`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", use], { env: { INSTAR_DOOR: "/nowhere/door.json" } });
  });
});
