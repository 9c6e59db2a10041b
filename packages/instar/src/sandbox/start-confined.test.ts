import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { readProcessIdentity } from "../platform/process-identity.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { ownNetwork } from "./plain-sandbox.testing.ts";
import type { ConfinedService, RunConfined, StartConfined } from "./sandbox.ts";
import { createConfinedStarter } from "./start-confined.ts";

const runJob = createJobRunner({ clock: systemClock, instanceId: `test-${randomUUID()}` });
/** What is tested here needs no confinement but a network of its own, where there can be one. */
const ways = [
  { name: "the machine's own network", prefix: [] as readonly string[] },
  ...(ownNetwork === undefined ? [] : [{ name: "a network of its own", prefix: ownNetwork }]),
];

let folder: string;
let services: ConfinedService[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-started-"));
  mkdirSync(join(folder, "scratch"));
  services = [];
});
afterEach(async () => {
  for (const service of services) await service.end({ signal: "SIGKILL", graceMs: 0 });
  // The way in is gone with the service.
  expect(readdirSync(folder).filter((name) => name.startsWith("door-"))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

describe.each(ways)("a program in a sandbox with $name", ({ prefix }) => {
  const runConfined: RunConfined = async (job) => ({
    ...(await runJob({ ...job, argv: [...prefix, ...job.argv] })),
    confinedBy: { sandbox: "none", missing: [] },
  });
  const startConfined = createConfinedStarter({ runConfined, clock: systemClock });

  async function start(code: string, more: Partial<Parameters<StartConfined>[0]> = {}): Promise<ConfinedService> {
    const service = await startConfined({
      argv: [process.execPath, "-e", code],
      cwd: folder,
      environment: { PATH: process.env.PATH ?? "", OWN: "its own" },
      timeoutMs: 50_000,
      logPath: join(folder, "log"),
      title: "a program",
      confinement: {
        use: "rehearse",
        readable: [],
        writable: [],
        scratch: join(folder, "scratch"),
        network: { kind: "private" },
        limits: { memoryBytes: 2 ** 31, processes: 512, descriptors: 4_096, diskBytes: 2 ** 30 },
      },
      ...more,
    });
    services.push(service);
    return service;
  }

  /** What it has printed, once it has printed this. */
  async function log(until: RegExp): Promise<string> {
    for (;;) {
      const printed = existsSync(join(folder, "log")) ? readFileSync(join(folder, "log"), "utf8") : "";
      if (until.test(printed)) return printed;
      await systemClock.sleep(20);
    }
  }

  const SERVER = `require("node:http").createServer((asked, answer) => answer.end("answered " + asked.url)).listen(0, "HOST", function () { console.log("port " + this.address().port); });`;

  for (const host of ["127.0.0.1", "::1"])
    it(`is asked on ${host} of its own loopback, again and again on one connection`, async () => {
      const service = await start(SERVER.replace("HOST", host));
      const port = Number(/port (\d+)/.exec(await log(/port \d+/))?.[1]);
      const socket = await service.connect(port);
      for (const path of ["/one", "/two"]) {
        const answer = await new Promise<string>((resolve, reject) => {
          request({ path, headers: { connection: "keep-alive" }, createConnection: () => socket }, (response) => text(response).then(resolve, reject))
            .on("error", reject)
            .end();
        });
        expect(answer).toBe(`answered ${path}`);
      }
      socket.destroy();
    });

  it("says what is sent to it byte for byte, also after the sender has finished", async () => {
    const service = await start(
      `require("node:net").createServer({ allowHalfOpen: true }, (socket) => { let size = 0; socket.on("data", (chunk) => { size += chunk.length; }).on("end", () => socket.end("got " + size)); }).listen(0, "127.0.0.1", function () { console.log("port " + this.address().port); });`,
    );
    const socket = await service.connect(Number(/port (\d+)/.exec(await log(/port \d+/))?.[1]));
    socket.end(Buffer.alloc(3_000_000, 1));
    expect(await text(socket)).toBe("got 3000000");
  });

  it("refuses connections to a port where nobody listens as any machine does", async () => {
    const service = await start("setInterval(() => {}, 1000)");
    await expect(service.connect(1)).rejects.toMatchObject({ code: "ECONNREFUSED", syscall: "connect", port: 1 });
  });

  it("has its own arguments, folder, environment, input and process group, and nothing of the warden's", async () => {
    const environment = { PATH: process.env.PATH ?? "", NODE_OPTIONS: "--title=chosen", OWN: "its own" };
    const code = `const { readFileSync, readlinkSync } = require("node:fs");
      const group = readFileSync("/proc/self/stat", "latin1").split(") ")[1].split(" ")[2];
      console.log("said " + JSON.stringify({ env: process.env, cwd: process.cwd(), input: readFileSync(0, "utf8"), leads: Number(group) === process.pid, title: process.title, ipc: process.channel ?? null }))`;
    const service = await start(code, { environment });
    expect(await service.ended).toMatchObject({ kind: "exited", status: 0 });
    const said = JSON.parse(/said (.*)/.exec(await log(/said/))?.[1] ?? "") as { env: Record<string, string> };
    expect(said).toMatchObject({ cwd: folder, input: "", leads: true, title: "chosen", ipc: null });
    const { INSTAR_JOB, PWD: _pwd, OLDPWD: _old, SHLVL: _depth, _: _last, ...env } = said.env;
    expect(INSTAR_JOB).toMatch(/^test-/);
    expect(env).toEqual(environment);
  });

  it("alone has what its environment preloads", async () => {
    const counted = join(folder, "counted");
    writeFileSync(join(folder, "count.cjs"), `require("node:fs").appendFileSync(${JSON.stringify(counted)}, "one ")`);
    const service = await start("", { environment: { PATH: process.env.PATH ?? "", NODE_OPTIONS: `--require=${join(folder, "count.cjs")}` } });
    expect(await service.ended).toMatchObject({ kind: "exited", status: 0 });
    expect(readFileSync(counted, "utf8")).toBe("one ");
  });

  it.skipIf(!existsSync("/proc/self/autogroup"))("stands last in line for the processor, as every job does", async () => {
    const isLast = `until grep -q "nice 10" /proc/self/autogroup; do sleep 0.1; done; echo last`;
    const service = await start("", { argv: ["/bin/sh", "-c", `${isLast}; sleep 60`] });
    await log(/last/);
    const beside = { argv: ["/bin/sh", "-c", isLast], cwd: folder, environment: { PATH: process.env.PATH ?? "" }, timeoutMs: 30_000 };
    expect(await service.exec(beside)).toMatchObject({ kind: "exited", stdout: "last\n" });
  });

  it("tells its exit status, or the signal that ended it", async () => {
    expect(await (await start("process.exit(7)")).ended).toMatchObject({ kind: "exited", status: 7 });
    expect(await (await start("process.kill(process.pid, 'SIGABRT')")).ended).toMatchObject({ kind: "signalled", signal: "SIGABRT" });
  });

  it("is told that it did not start where there is no such program, and where there is no such folder", async () => {
    const absent = await start("", { argv: ["/nowhere/program"] });
    expect(await absent.ended).toMatchObject({ kind: "not-started", because: "ENOENT" });
    await expect(start("", { cwd: join(folder, "absent") })).rejects.toMatchObject({ code: "SANDBOX_FAILED", message: expect.stringContaining("no folder") });
  });

  it("ends when it is asked to, by the signal that is asked for, and tells the same to who asks again", async () => {
    const service = await start(`process.on("SIGINT", () => { console.log("asked"); process.exit(3); }); console.log("ready"); setInterval(() => {}, 1000)`);
    await log(/ready/);
    const [first, second] = await Promise.all([service.end({ signal: "SIGINT", graceMs: 30_000 }), service.end({ signal: "SIGKILL", graceMs: 0 })]);
    expect(first).toMatchObject({ kind: "exited", status: 3, tail: expect.stringContaining("asked") });
    expect(second).toBe(first);
    expect(await service.ended).toBe(first);
  });

  it("is ended with all that it started when it does not end within the grace", async () => {
    const service = await start(
      `process.on("SIGTERM", () => console.log("no")); require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" }); console.log("ready"); setInterval(() => {}, 1000)`,
    );
    await log(/ready/);
    expect(await readProcessIdentity(service.pid)).toBeDefined();
    expect(await service.end({ signal: "SIGTERM", graceMs: 300 })).toMatchObject({ kind: "stopped" });
    expect(await readProcessIdentity(service.pid)).toBeUndefined();
    await expect(service.connect(80)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await service.exec({ argv: ["true"], cwd: folder, environment: {}, timeoutMs: 1_000 })).toMatchObject({
      kind: "signalled",
      because: "the sandbox ended",
    });
  });

  describe("another program beside it", () => {
    const beside = (script: string, more: object = {}) => ({
      argv: ["/bin/sh", "-c", script],
      cwd: folder,
      environment: { PATH: process.env.PATH ?? "", NODE_OPTIONS: "--no-warnings" },
      timeoutMs: 30_000,
      ...more,
    });

    it("runs in the same sandbox with its own environment and folder, and its end is told", async () => {
      const service = await start(SERVER.replace("HOST", "127.0.0.1"));
      const port = Number(/port (\d+)/.exec(await log(/port \d+/))?.[1]);
      const script = `${process.execPath} -e 'fetch("http://127.0.0.1:${port}/beside").then((answer) => answer.text()).then(console.log)'; pwd; echo "$NODE_OPTIONS|$OWN" >&2; exit 4`;
      expect(await service.exec(beside(script))).toEqual({
        kind: "exited",
        status: 4,
        stdout: `answered /beside\n${folder}\n`,
        stderr: "--no-warnings|\n",
      });
    });

    it("is told apart where it is signalled, absent, or does not end: then its whole group is ended", async () => {
      const service = await start("setInterval(() => {}, 1000)");
      expect(await service.exec(beside("kill -9 $$"))).toMatchObject({ kind: "signalled", because: "SIGKILL" });
      expect(await service.exec(beside("", { argv: ["/nowhere/program"] }))).toMatchObject({ kind: "not-started", because: "ENOENT" });
      const late = await service.exec(
        beside(`echo before; ${process.execPath} -e 'setInterval(() => {}, 1000)' & echo $! >${folder}/child; wait`, { timeoutMs: 1_000 }),
      );
      expect(late).toMatchObject({ kind: "timed-out", because: expect.stringContaining("1000 ms"), stdout: "before\n" });
      const child = readFileSync(join(folder, "child"), "utf8").trim();
      // A zombie until its new parent reaps it.
      expect(await service.exec(beside(`grep -q 'State:.Z' /proc/${child}/status || ! kill -0 ${child}`))).toMatchObject({ kind: "exited", status: 0 });
    });

    it("may print without end: the first MiB is kept", async () => {
      const service = await start("setInterval(() => {}, 1000)");
      const result = await service.exec(beside("head -c 3000000 /dev/zero | tr '\\0' a; head -c 2000000 /dev/zero >&2"));
      expect(result).toMatchObject({ kind: "exited", status: 0 });
      expect([result.stdout.length, result.stderr.length]).toEqual([1_048_576, 1_048_576]);
    });
  });

  it("cannot speak for the warden, send the daemon what it has no room for, or follow a link out of its folder", async () => {
    const secret = createServer();
    await new Promise<void>((resolve) => secret.listen(join(folder, "secret"), resolve));
    let dialled = 0;
    secret.on("connection", (socket) => {
      dialled += 1;
      socket.resume();
    });
    const service = await start(SERVER.replace("HOST", "127.0.0.1"));
    const door = readdirSync(folder).find((name) => name.startsWith("door-"));
    for (const said of ['{"hello":"control"}\n{"said":"ended"}\n', '{"hello":"0000"}\n', "no json\n", "x".repeat(100_000), '{"hello":7}\n{}']) {
      const socket = connect(join(folder, door ?? "", "door"));
      socket.on("error", () => {});
      socket.write(said);
      // Each is hung up on.
      await new Promise<void>((resolve) => socket.resume().once("close", () => resolve()));
    }
    // The answer goes astray with the door that the program has put there; waiting for it has an end.
    const link = `mv ${folder}/${door}/door ${folder}/${door}/was; ln -s ${folder}/secret ${folder}/${door}/door`;
    const lost = await service.exec({ argv: ["/bin/sh", "-c", link], cwd: folder, environment: { PATH: "/usr/bin:/bin" }, timeoutMs: 3_000 });
    expect(lost).toMatchObject({ kind: "timed-out", because: expect.stringContaining("did not say") });
    await service.end({ signal: "SIGTERM", graceMs: 5_000 });
    // Instar dials nothing in there; only the program's own warden followed the link.
    expect(dialled).toBeLessThanOrEqual(1);
    await new Promise<void>((resolve) => secret.close(() => resolve()));
  });
});
