import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { DoctorView, PlanView, StatusView } from "@instar/protocol";
import { findFreePort } from "@instar/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packInstar } from "../../scripts/pack.ts";
import { PseudoTerminal } from "../e2e/pseudo-terminal.ts";
import { until } from "../e2e/test-instance.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What a person's shell finds: the machine's own Node, which may be older than Instar needs. */
const PATH = (process.env.INSTAR_OPERATOR_PATH ?? process.env.PATH ?? "")
  .split(":")
  .filter((folder) => !folder.includes("node_modules"))
  .join(":");

describe("the package, as installed from its tarball:", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "instar-package-"));
  const [project, agent, cache, installed] = ["project", "agent", "cache", "project/node_modules/instar"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];

  beforeAll(async () => {
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), '{ "name": "somebodys-project", "private": true }');
    const tarball = await packInstar(folder);
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", tarball], { cwd: project, stdio: "pipe" });
    // The Node that `bin` would fetch once is there already, where `bin` would put it.
    const fetched = join(root, ".runtime", "node_modules");
    mkdirSync(join(cache, "instar", "node"), { recursive: true });
    if (existsSync(fetched)) symlinkSync(fetched, join(cache, "instar", "node", "node_modules"));
    cloneExample(folder, agent);
  }, 300_000);

  afterAll(() => {
    if (existsSync(join(agent, "instar.yaml"))) instar("down");
    spawnSync("chmod", ["-R", "u+w", folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  const instar = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("npx", ["--no-install", "instar", ...args, "--folder", agent], {
      cwd: project,
      encoding: "utf8",
      env: { PATH, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: cache, INSTAR_DATA: join(folder, "data"), USER: "tester" },
    });
    return { status, stdout, stderr };
  };
  const json = <T>(...args: string[]): T => JSON.parse(instar(...args, "--json").stdout) as T;

  it("holds the program and what it reads, and no sources", () => {
    expect(readdirSync(installed).toSorted()).toEqual(["bin", "dist", "docs", "examples", "openapi", "package.json", "schema"]);
    const built = readdirSync(join(installed, "dist"));
    expect(built).toContain("main.js");
    expect(built.filter((file) => !/\.js(\.map)?$/.test(file)).toSorted()).toEqual(["console", "verify.mjs"]);
    expect(readdirSync(join(installed, "dist", "console"))).toEqual(expect.arrayContaining(["assets", "index.html", "index.html.br"]));
  });

  it("depends on nothing that no registry has", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<
      string,
      Record<string, string> | undefined
    >;
    expect(devDependencies).toBeUndefined();
    for (const [name, version] of Object.entries(dependencies ?? {})) {
      expect(name).not.toMatch(/^@instar\//);
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
    expect(readFileSync(join(installed, "dist", "main.js"), "utf8")).not.toMatch(/from "@instar\//);
  });

  it("says its version", () => {
    const { version } = JSON.parse(readFileSync(join(root, "packages/instar/package.json"), "utf8")) as { version: string };
    const said = spawnSync("npx", ["--no-install", "instar", "--version"], {
      cwd: project,
      encoding: "utf8",
      env: { PATH, HOME: folder, XDG_CACHE_HOME: cache },
    });
    expect(said).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it("looks at an agent and writes its settings, with a schema that is there", async () => {
    expect(instar("status")).toMatchObject({ status: 2, stderr: expect.stringContaining("SETTINGS_MISSING") });
    expect(instar("init", "--yes", "--name", "packed", "--front-port", String(await findFreePort()))).toMatchObject({ status: 0 });
    const [, schema = ""] = /\$schema=(\S+)/.exec(readFileSync(join(agent, "instar.yaml"), "utf8")) ?? [];
    expect(JSON.parse(readFileSync(resolve(agent, schema), "utf8"))).toMatchObject({ title: "instar.yaml" });
  });

  it("plans, and finds the machine well", () => {
    expect(json<PlanView>("plan")).toMatchObject({ instance: "packed", candidate: { version: "1.0.0" } });
    expect(json<DoctorView>("doctor").verdict).toBe("pass");
  });

  it("comes up, puts the agent in service, and goes down", async () => {
    expect(instar("up")).toMatchObject({ status: 0 });
    const served = await until("the agent serves", () => {
      const status = json<StatusView>("status");
      return status.agent.health === "pass" ? status : undefined;
    });
    expect(served).toMatchObject({ running: { keeper: true, daemon: true }, agent: { version: "1.0.0" } });
    expect(instar("down")).toMatchObject({ status: 0 });
    expect(json<StatusView>("status").running).toEqual({ keeper: false, daemon: false });
  });

  it("draws its live view, and gives the terminal back", async () => {
    const terminal = new PseudoTerminal({
      folder,
      argv: [join(installed, "bin", "instar.mjs"), "watch", "--folder", agent],
      environment: { PATH, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: cache, INSTAR_DATA: join(folder, "data"), USER: "tester" },
      columns: 80,
      rows: 24,
    });
    try {
      expect(await terminal.shows("Instar does not run for packed")).toContain("STALE since");
      terminal.type("q");
      expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
    } finally {
      await terminal.end();
    }
  });

  it("finds the example that the demo plays with", () => {
    expect(existsSync(join(installed, "examples", "http-agent", "server.js"))).toBe(true);
  });
});

/** The example agent, published to a bare repository and cloned from it. */
function cloneExample(folder: string, agent: string): void {
  const [work, remote] = [join(folder, "work"), join(folder, "remote.git")];
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", ...args], {
      cwd,
      stdio: "pipe",
      env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    });
  cpSync(join(root, "examples", "http-agent"), work, { recursive: true });
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  git(work, "init", "--quiet", "--initial-branch=main", ".");
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "--message", "1.0.0");
  git(work, "push", "--quiet", remote, "main");
  git(folder, "clone", "--quiet", remote, agent);
}
