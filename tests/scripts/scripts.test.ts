import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { redact } from "./redact.ts";
import { runScript } from "./run-script.ts";

/** A script is some forty commands and five updates, one after the other. */
const SLOWEST_MS = 600_000;
const here = new URL("./", import.meta.url);

// The behaviour's manual: what a person types, and what Instar answers. `UPDATE=1 npm test -- tests/scripts` writes it anew.
describe("what a person types and what Instar answers:", () => {
  it.each(readdirSync(here).filter((name) => name.endsWith(".txt")))("%s", { timeout: SLOWEST_MS }, async (name) => {
    const output = await runScript(readFileSync(new URL(name, here), "utf8"));
    const expected = new URL(name.replace(/\.txt$/, ".out"), here);
    if (process.env.UPDATE === "1") writeFileSync(expected, output);
    expect(output).toBe(readFileSync(expected, "utf8"));
  });
});

describe("redacting takes what belongs to one run, and nothing else:", () => {
  it.each([
    ["started 2026-11-20T15:37:29.127Z, restarted 0 times", "started <time>, restarted 0 times"],
    ["served from slot blue after 345 ms", "served from slot blue after <n> ms"],
    ["head 3a3e9d0714967052", "head <digest>"],
    ["pid 13316, slot blue, port 8002", "pid <pid>, slot blue, port <port>"],
    ["front 127.0.0.1:18481; 0 requests", "front 127.0.0.1:<port>; 0 requests"],
    ["14 entries", "<n> entries"],
    ["1.0.0 → 1.0.1 committed, defaced facade", "1.0.0 → 1.0.1 committed, defaced facade"],
  ])("%s", (text, expected) => expect(redact(text, [])).toBe(expected));
  it("a longer text of the run's own goes before a shorter one", () =>
    expect(
      redact("/tmp/x/data /tmp/x", [
        ["/tmp/x", "<folder>"],
        ["/tmp/x/data", "<data>"],
      ]),
    ).toBe("<data> <folder>"));
});
