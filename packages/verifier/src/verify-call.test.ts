import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeCheckpoint, makeExport, makeKey, makeLines, makeReceipt, setDescription, writeFiles } from "./make-export.testing.ts";
import { run } from "./verify.mjs";

const VERIFIER = fileURLToPath(new URL("verify.mjs", import.meta.url));
const key = makeKey("instar.local/one");
const lines = makeLines(300);

let folder: string;
const inside = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-verifier-call-"));
  writeFiles(makeExport({ lines, key, withheldBundles: [0] }), folder);
  writeFileSync(inside("70.tlog-proof"), makeReceipt(lines, 70, key));
  writeFileSync(inside("70.json"), lines[70] ?? "");
  writeFileSync(inside("older"), makeCheckpoint(lines.slice(0, 9), key));
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8", cwd: tmpdir() });

describe("the program", () => {
  it("needs nothing but Node, and asks no network", () => {
    const wanted = [...readFileSync(VERIFIER, "utf8").matchAll(/\b(?:import|require)\b[^"\n]*"([^"]+)"/g)].map(([, name]) => name);
    expect(wanted).toEqual(["node:crypto", "node:fs", "node:path", "node:url", "node:util", "node:zlib"]);
    expect(wanted.every((name) => builtinModules.includes(name?.slice(5) ?? ""))).toBe(true);
  });

  it("verifies the folder that it lies in, alone on a machine, and ends with 0", () => {
    copyFileSync(VERIFIER, inside("verify.mjs"));
    const { status, stdout, stderr } = start(inside("verify.mjs"));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^VERIFIED\n/);
    expect(stdout).toContain("warnings       the key came with the data");
  });

  it("is not silent where it is started through a link", () => {
    symlinkSync(VERIFIER, inside("link.mjs"));
    expect(start(inside("link.mjs"), folder).stdout).toMatch(/^VERIFIED\n/);
    expect(start("--preserve-symlinks-main", inside("link.mjs"), folder).stdout).toMatch(/^VERIFIED\n/);
  });

  it("verifies with an older Node, which cannot hash in one call", () => {
    const older = 'data:text/javascript,import crypto from "node:crypto"; crypto.hash = undefined;';
    expect(start("--import", older, VERIFIER, folder).stdout).toMatch(/^VERIFIED\n/);
  });

  it("ends with 1 where something is wrong, and says what", () => {
    rmSync(inside("tile/0/000"));
    const { status, stdout } = start(VERIFIER, folder, "--key", key.vkey);
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringMatching(/^NOT VERIFIED: tile\/0\/000 is missing\n/) });
  });

  it("ends with 2 where it was called wrongly, and tells how", () => {
    const { status, stdout, stderr } = start(VERIFIER, "--verbose");
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: expect.stringContaining("usage: node verify.mjs [folder]") });
  });
});

describe("a call is refused", () => {
  for (const [fault, args] of [
    ["with two folders", () => [folder, folder]],
    ["with a folder that is not there", () => [inside("none")]],
    ["with a file where a folder is wanted", () => [inside("checkpoint")]],
    ["with an unknown option", () => [folder, "--fast"]],
    ["with an option without its value", () => [folder, "--key"]],
    ["with a key that is none", () => [folder, "--key", "instar.local/one+00000000+AAAA"]],
    ["with a key whose id is of another name", () => [folder, "--key", key.vkey.replace("one", "two")]],
    ["with a key whose name has a space", () => [folder, "--key", makeKey("instar local").vkey]],
    ["with a key of another algorithm", () => [folder, "--key", makeKey("witness.example/w", 4).vkey]],
    ["with an older checkpoint that is not there", () => [folder, "--since", inside("none")]],
    ["with an older checkpoint that is a folder", () => [folder, "--since", folder]],
    ["with a receipt and no key", () => ["proof", inside("70.tlog-proof"), inside("70.json")]],
    ["with a receipt and no entry", () => ["proof", inside("70.tlog-proof"), "--key", key.vkey]],
    ["with a receipt that is not there", () => ["proof", inside("none"), inside("70.json"), "--key", key.vkey]],
    ["with a receipt and an older checkpoint", () => ["proof", inside("70.tlog-proof"), inside("70.json"), "--key", key.vkey, "--since", inside("older")]],
  ] as [string, () => string[]][])
    it(fault, () => {
      expect(run(args())).toEqual({ status: 2, text: expect.stringContaining("usage: ") });
    });
});

describe("what is printed", () => {
  it("tells a person what was checked, and what was not", () => {
    const { text } = run([folder, "--key", key.vkey, "--since", inside("older")]);
    const id = key.id.toString("hex");
    expect(text.replace(/root {11}.*/, "root           (root)")).toBe(
      [
        "VERIFIED",
        "checked        the checkpoint's signature",
        "checked        every hash tile, recomputed from those below",
        "checked        the root",
        "checked        the 9 entries of the older checkpoint are still the first ones",
        "checked        44 entries: canonical, in order, chained, and those that were signed",
        "checked        nothing else lies in the folder tile",
        "notes          places behind withheld entries where the chain of previous hashes was taken up again: 1",
        "log            instar.local/one",
        "size           300",
        "root           (root)",
        `key            instar.local/one+${id}`,
        "madeAt         2026-02-01T00:00:00.000Z",
        "from           none",
        "to             none",
        "saysWithheld   256 from entry 0: archived elsewhere",
        "shown          44",
        "withheld       256",
        "firstAt        2026-01-01T04:16:00.000Z",
        "lastAt         2026-01-01T04:59:00.000Z",
        "",
      ].join("\n"),
    );
  });

  it("cannot steer a terminal, whatever the export says", () => {
    const files = makeExport({ lines, key });
    setDescription(files, { withheld: [{ first: 0, count: 1, because: "\u001b[2J\u202e\n\u009bVERIFIED".repeat(100) }], origin: "\u001b]0;x\u0007" });
    writeFiles(files, folder);
    const { text } = run([folder, "--key", key.vkey]);
    expect(text).toMatch(/^NOT VERIFIED: another log: bundle\.json names \ufffd\]0;x\ufffd/);
    setDescription(files, { origin: key.name });
    writeFiles(files, folder);
    const { status, text: second } = run([folder, "--key", key.vkey]);
    expect(status).toBe(0);
    expect(second).not.toMatch(/[^\n\P{C}]/u);
    expect(second).toContain("…");
  });

  it("is one sentence where the verifier itself fails, and none of the system's words", () => {
    const broken = 'data:text/javascript,import crypto from "node:crypto"; crypto.hash = () => { throw new Error("secret words"); };';
    const { status, stdout, stderr } = start("--import", broken, VERIFIER, folder);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toMatch(/^NOT VERIFIED: the verifier met something that it does not know how to judge\n/);
    expect(stdout).not.toContain("secret");
  });

  it("warns where the key has another name than the log", () => {
    writeFiles(makeExport({ lines: [], key, origin: "instar.local/two" }), inside("two"));
    expect(run([inside("two"), "--key", key.vkey])).toMatchObject({ status: 0, text: expect.stringContaining("the key's name is not the log's name") });
  });
});
