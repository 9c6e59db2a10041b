import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsePressure, readMachine } from "./read-machine.ts";

const PSI = "some avg10=1.50 avg60=12.34 avg300=0.20 total=123\nfull avg10=0.00 avg60=3.00 avg300=0.00 total=45\n";

describe("the pressure that Linux tells", () => {
  it("is read from its line", () => {
    expect(parsePressure(PSI, "some")).toBe(12.34);
    expect(parsePressure(PSI, "full")).toBe(3);
  });
  it("is null where the kernel does not tell", () => expect(parsePressure("", "full")).toBeNull());
});

describe("a machine", () => {
  it("is read from the files of the system", async () => {
    const root = mkdtempSync(join(tmpdir(), "instar-machine-"));
    try {
      mkdirSync(join(root, "proc/pressure"), { recursive: true });
      writeFileSync(join(root, "proc/meminfo"), "MemAvailable:    2048 kB\n");
      for (const name of ["cpu", "memory", "io"]) writeFileSync(join(root, "proc/pressure", name), PSI);
      expect(await readMachine(root, root)).toMatchObject({ pressure: { cpu: 12.34, memory: 3, io: 3 }, availableBytes: 2_097_152 });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
  it("tells what it can where it is", async () => {
    const machine = await readMachine(tmpdir());
    expect(machine.processors).toBeGreaterThan(0);
    expect(machine.totalBytes).toBeGreaterThan(0);
    expect(await readMachine("/no/such/place")).toMatchObject({ files: null });
  });
});
