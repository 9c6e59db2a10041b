import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../packages/instar/src/main.ts", import.meta.url));
const DOCS = readFileSync(fileURLToPath(new URL("../../docs/trust.md", import.meta.url)), "utf8");
const INSTAR = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN];
let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "instar-trust-outside-"));
  mkdirSync(join(place, "agent"));
  writeFileSync(join(place, "agent", "package.json"), '{ "name": "agent", "version": "1.2.0" }');
});
afterAll(() => rmSync(place, { recursive: true }));

const sh = (command: string, ...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const functions = `instar() { ${INSTAR.map((word) => `'${word}'`).join(" ")} "$@"; }`;
    execFile("sh", ["-c", `${functions}\n${command}`, "sh", ...args], { cwd: place }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
const instar = (...args: string[]) => sh('instar "$@"', ...args);

interface Shown {
  readonly drafts: readonly { readonly id: string }[];
  readonly releases: readonly { readonly path: string; readonly percentage: number; readonly yanked: string | null }[];
  readonly roles: readonly { readonly name: string; readonly version: number; readonly state: string; readonly keyIds: readonly string[] }[];
}
const show = async () => JSON.parse((await instar("trust", "show", "repository", "--json")).stdout) as Shown;

describe("docs/trust.md", () => {
  it("works as it is written, from the ceremony to the stolen key", { timeout: 240_000 }, async () => {
    const commands = DOCS.replace(/```.*?```/gs, "").match(/(?<=^ {4}).+$/gm) ?? [];
    expect(commands.length).toBeGreaterThan(30);
    let stolen = "";
    for (const command of commands.filter((line) => line !== "instar registry serve repository")) {
      const [draft] = command.includes("<draft>") ? (await show()).drafts : [];
      if (command.includes("<key id>")) stolen = (await show()).roles[1]?.keyIds[0] ?? "";
      const { status, stderr } = await sh(command.replace("<draft>", draft?.id ?? "").replace("<key id>", stolen));
      // Signatures of others may be wanted still.
      expect({ command, status: status === 6 ? 0 : status, stderr }).toEqual({ command, status: 0, stderr: "" });
    }
    const { drafts, releases, roles } = await show();
    expect(drafts).toEqual([]);
    expect(releases).toEqual([expect.objectContaining({ path: "stable/agent-1.2.0.tgz", percentage: 100, yanked: "it loses mail" })]);
    expect(roles.map(({ name, state }) => [name, state])).toEqual(["root", "targets", "self", "snapshot", "timestamp"].map((name) => [name, "good"]));
    expect(roles[1]?.keyIds).toHaveLength(2);
    expect(roles[1]?.keyIds).not.toContain(stolen);
  });
});

describe("the process", () => {
  it("serves until SIGTERM, says where in JSON, and ends with 0", { timeout: 60_000 }, async () => {
    await instar("trust", "init", "served", "--keys", "served-keys");
    const [program = "", ...args] = INSTAR;
    const server = spawn(program, [...args, "registry", "serve", "served", "--port", "0", "--json"], { cwd: place, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise<number | null>((resolve) => server.once("exit", resolve));
    try {
      let text = "";
      for await (const line of createInterface({ input: server.stdout })) {
        text += line;
        if (line === "}") break;
      }
      const { url, host } = JSON.parse(text) as { url: string; host: string };
      expect(host).toBe("127.0.0.1");
      expect((await fetch(`${url}/metadata/timestamp.json`)).status).toBe(200);
      expect((await fetch(`${url}/private/lock`)).status).toBe(404);
    } finally {
      server.kill("SIGTERM");
    }
    expect(await ended).toBe(0);
  });
  it("is a client of the conformance suite with its arguments as they are", { timeout: 60_000 }, async () => {
    expect(await instar("tuf-client", "--metadata-dir", "client", "init", "agent/package.json")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(place, "client", "root.json"), "utf8")).toContain("agent");
    expect(await instar("tuf-client", "--json")).toMatchObject({ status: 1 });
  });
  it.each([
    ["a mistake: 2", 2, "INPUT_INVALID", ["trust", "init", "another"]],
    ["nothing there: 2", 2, "NOT_FOUND", ["trust", "show", "nowhere"]],
    ["a key that is missing: 4", 4, "FORBIDDEN", ["trust", "refresh", "another", "--keys", "nowhere"]],
    [
      "a release that is not acceptable: 4",
      4,
      "PACKAGE_REFUSED",
      [..."release publish agent --keys k --channel stable --rollback r --version x".split(" "), "--repository", "another"],
    ],
    ["a repository that is there: 7", 7, "CONFLICT", ["trust", "init", "another", "--keys", "another-keys"]],
    ["metadata that were changed: 9", 9, "DATA_DAMAGED", ["trust", "show", "damaged"]],
  ])("ends with the status of %s", { timeout: 60_000 }, async (_, status, code, args) => {
    await instar("trust", "init", "another", "--keys", "another-keys");
    mkdirSync(join(place, "damaged", "metadata"), { recursive: true });
    writeFileSync(join(place, "damaged", "metadata", "timestamp.json"), "{");
    const ended = await instar(...args, "--json");
    expect({ status: ended.status, code: (JSON.parse(ended.stdout) as { code: string }).code }).toEqual({ status, code });
    const told = await instar(...args);
    expect({ status: told.status, said: told.stderr.startsWith(`${code}: `), stdout: told.stdout }).toEqual({ status, said: true, stdout: "" });
  });
});
