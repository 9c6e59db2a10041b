import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogPlace, readLogErrors } from "./read-log-errors.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-log-"));
  path = join(folder, "agent.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const patterns = { logErrors: "\\bERROR\\b", ignoreLog: ["harmless"] };
const read = async (from: Parameters<typeof readLogErrors>[1], with_ = patterns) => {
  const { errors, place } = await readLogErrors(path, from, with_);
  return { errors: errors.kind === "value" ? errors.value : errors.because, place: place as LogPlace };
};

describe("error lines in an agent's log", () => {
  it("are counted once, and a line that is still being written is counted when it is whole", async () => {
    writeFileSync(path, "ERROR 1\nfine\nERROR 2\nERR");
    const first = await read({ path, offset: 0 });
    expect(first.errors).toBe(2);
    appendFileSync(path, "OR 3\n");
    const second = await read(first.place);
    expect(second.errors).toBe(1);
    expect((await read(second.place)).errors).toBe(0);
  });
  it("are counted from the start of the version, or from now on", async () => {
    writeFileSync(path, "ERROR of before\nERROR of now\n");
    expect((await read({ path, offset: 16 })).errors).toBe(1);
    expect((await read(null)).errors).toBe(0);
  });
  it("are those of the new log where it was rotated, truncated or replaced", async () => {
    writeFileSync(path, "ERROR 1\nERROR 2\nERROR 3\n");
    const { place } = await read({ path, offset: 0 });
    writeFileSync(path, "ERROR 4\n");
    expect((await read(place)).errors).toBe(1);
    const again = await read(place);
    renameSync(path, `${path}.1`);
    writeFileSync(path, "ERROR 5\nERROR 6\n");
    expect((await read(again.place)).errors).toBe(2);
  });
  it("are not those that the operator calls harmless", async () => {
    writeFileSync(path, "ERROR harmless\nERROR\n");
    expect((await read({ path, offset: 0 })).errors).toBe(1);
  });
  it("are counted in the newest part of a flood, and a line without an end stops nothing", async () => {
    writeFileSync(path, `${"ERROR x\n".repeat(200_000)}`);
    const first = await read({ path, offset: 0 });
    expect(first.errors).toBeGreaterThan(10_000);
    writeFileSync(path, "x".repeat(3 * 1_048_576));
    const second = await read({ path, offset: 0 });
    expect(second.place.offset).toBe(3 * 1_048_576);
  });
  it("are unknown where there is no log, and where a pattern does not come to an end", async () => {
    expect((await read(null)).errors).toBe("there is no log that could be read");
    writeFileSync(path, `${"a".repeat(40)}!\n`);
    expect((await read({ path, offset: 0 }, { logErrors: "^(a+)+$", ignoreLog: [] })).errors).toContain("do not come to an end");
  });
});
