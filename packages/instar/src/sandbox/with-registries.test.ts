import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { createPlainSandbox, ownNetwork } from "./plain-sandbox.testing.ts";
import { runEntered } from "./run-entered.ts";
import type { JobNetwork } from "./sandbox.ts";
import { withRegistries } from "./with-registries.ts";

const runJob = createJobRunner({ clock: systemClock, instanceId: `test-${randomUUID()}` });
const ways = [
  { name: "the machine's own network", prefix: [] as readonly string[] },
  ...(ownNetwork === undefined ? [] : [{ name: "a network of its own", prefix: ownNetwork }]),
];

let folder: string;
let registry: Server;
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-registries-"));
  mkdirSync(join(folder, "scratch"));
  registry = createServer((asked, answer) => answer.end(`a package at ${asked.url}`));
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  port = (registry.address() as AddressInfo).port;
});
afterEach(async () => {
  expect(readdirSync(folder).filter((name) => name.startsWith("door-"))).toEqual([]);
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

describe.each(ways)("a job that may reach registries, with $name", ({ prefix }) => {
  const run = (code: string, network: JobNetwork, environment: Record<string, string> = {}) =>
    runEntered(
      withRegistries(createPlainSandbox(prefix)),
      {
        argv: [process.execPath, "-e", code],
        cwd: folder,
        environment: { PATH: process.env.PATH ?? "", ...environment },
        timeoutMs: 30_000,
        logPath: join(folder, "log"),
        title: "a job",
        confinement: {
          use: "install",
          readable: [],
          writable: [],
          scratch: join(folder, "scratch"),
          network,
          limits: { memoryBytes: 2 ** 31, processes: 512, descriptors: 4_096, diskBytes: 2 ** 30 },
        },
      },
      runJob,
    );
  const ask = (url: string) =>
    `fetch("${url}").then((answer) => answer.text()).then(console.log, (error) => { console.log(error.cause?.code ?? error); process.exitCode = 5; });`;

  it("reaches them by the usual variables", async () => {
    const result = await run(ask(`http://localhost:${port}/one`), { kind: "registries", hosts: [`localhost:${port}`] });
    expect(result).toMatchObject({ kind: "exited", status: 0, tail: "a package at /one", leftBehind: 0 });
  });

  it("reaches nothing else, and its output ends with what it asked for", async () => {
    const result = await run(`${ask("http://evil.example/")}; ${ask("https://evil.example/")}`, { kind: "registries", hosts: [`localhost:${port}`] });
    expect(result.tail.split("\n").slice(-2).sort()).toEqual([
      "instar: refused: evil.example:443 is not one of the registries",
      "instar: refused: evil.example:80 is not one of the registries",
    ]);
  });

  it.skipIf(prefix.length === 0)("reaches not even them around the proxy", async () => {
    const result = await run(
      `delete process.env.HTTP_PROXY; require("node:net").connect(${port}, "127.0.0.1").on("error", (error) => console.log(error.code)).on("connect", () => console.log("there"))`,
      {
        kind: "registries",
        hosts: [`localhost:${port}`],
      },
    );
    expect(result.tail).toBe("ECONNREFUSED");
  });

  it("has its arguments, environment, folder, input and exit status as without", async () => {
    const code = `console.log(JSON.stringify({ args: process.argv.slice(1), cwd: process.cwd(), own: process.env.OWN, options: process.env.NODE_OPTIONS, held: Object.keys(process.env).filter((name) => name.startsWith("INSTAR_HELD")), none: process.env.NO_PROXY, input: require("node:fs").readFileSync(0, "utf8"), title: process.title })); process.exit(9)`;
    const result = await run(code, { kind: "registries", hosts: [] }, { OWN: "x", NODE_OPTIONS: "--title=chosen" });
    expect(result).toMatchObject({ kind: "exited", status: 9 });
    expect(JSON.parse(result.tail)).toEqual({ args: [], cwd: folder, own: "x", options: "--title=chosen", held: [], none: "", input: "", title: "chosen" });
    expect(await run("process.kill(process.pid, 'SIGTERM')", { kind: "registries", hosts: [] })).toMatchObject({ kind: "signalled", signal: "SIGTERM" });
  });

  it("is no other job than before where it may reach none", async () => {
    const result = await run("console.log(process.env.HTTP_PROXY ?? 'no proxy')", { kind: "private" });
    expect(result).toMatchObject({ kind: "exited", status: 0, tail: "no proxy" });
  });

  it("does not start where a registry is none", async () => {
    await expect(run("", { kind: "registries", hosts: ["https://registry.example"] })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});
