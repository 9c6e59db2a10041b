import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeSandboxContract } from "@instar/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock as clock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { createLimits } from "./hold-limits.ts";
import { runEntered } from "./run-entered.ts";
import type { ConfinedJob, Confinement } from "./sandbox.ts";
import { createSandboxRuntime } from "./sandbox-runtime.ts";
import { compileFilter } from "./seccomp/compile-filter.ts";
import { createConfinedStarter } from "./start-confined.ts";
import { withRegistries } from "./with-registries.ts";

const instanceId = `test-${randomUUID()}`;
const runJob = createJobRunner({ clock, instanceId });
const limits = createLimits({ clock, instanceId });
const own = await mkdtemp(join(tmpdir(), "instar-runtime-"));
afterAll(() => rm(own, { recursive: true }));
const options = { limits, runJob, folder: join(own, "data"), hidden: [own] };
const adapter = createSandboxRuntime(options);
const report = await adapter.describe();
const hasFilter = compileFilter() !== undefined;

const openWorld = async () => {
  const folder = await mkdtemp(join(tmpdir(), "instar-contract-"));
  const gone = createSandboxRuntime({ ...options, tool: join(folder, "no-such-tool") });
  return {
    adapter,
    folder,
    run: (job: ConfinedJob) => runEntered(adapter, job, runJob),
    ...(process.platform === "linux" ? { withoutTool: (job: ConfinedJob) => runEntered(gone, job, runJob) } : {}),
    look: async () => ({ own: readdirSync(options.folder).sort(), folder: existsSync(folder) }),
    close: () => rm(folder, { recursive: true }),
  };
};
if (report.available) describeSandboxContract("sandbox-runtime", openWorld, { describe, it });

describe.skipIf(!report.available || process.platform !== "linux")("a job in sandbox-runtime on Linux", () => {
  async function inFolder(act: (folder: string, job: (argv: string[], more?: Partial<Confinement>) => ConfinedJob) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "instar-runtime-job-"));
    await mkdir(join(folder, "scratch"));
    try {
      await act(folder, (argv, more = {}) => ({
        argv,
        cwd: join(folder, "scratch"),
        environment: { PATH: "/usr/bin:/bin", HOME: join(folder, "scratch") },
        timeoutMs: 30_000,
        logPath: join(folder, "log"),
        title: "a job",
        confinement: {
          use: "test",
          readable: [process.execPath],
          writable: [],
          scratch: join(folder, "scratch"),
          network: { kind: "private" },
          limits: { memoryBytes: 2 ** 30, processes: 128, descriptors: 512, diskBytes: 2 ** 26 },
          ...more,
        },
      }));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it("is kept from files, the network and the rest of the machine, and from system calls that it does not need", () => {
    const seen = Object.fromEntries(report.aspects.map(({ aspect, enforced }) => [aspect, enforced]));
    expect(seen).toMatchObject({ files: "yes", network: "yes", "system-calls": hasFilter ? "yes" : "no", time: "yes", descriptors: "yes" });
  });

  it("cannot write what everybody else may read, though the tool would let it by itself", () =>
    inFolder(async (folder, job) => {
      const shared = "/tmp/claude";
      const wasThere = existsSync(shared);
      await mkdir(shared, { recursive: true });
      const name = randomUUID();
      try {
        await runEntered(adapter, job(["/bin/sh", "-c", `echo x >${shared}/${name}; mkdir -p /var/tmp/${name}; touch /tmp/${name} ${folder}/${name}`]), runJob);
        expect([join(shared, name), `/var/tmp/${name}`, `/tmp/${name}`, join(folder, name)].filter(existsSync)).toEqual([]);
      } finally {
        if (!wasThere) await rm(shared, { recursive: true });
      }
    }));

  // Without privileges the kernel may refuse it to whoever asks within a tenth of a second of another.
  it.skipIf(!existsSync("/proc/self/autogroup") || process.getuid?.() !== 0)("stands last in line for the processor, as every job does", () =>
    inFolder(async (_, job) => {
      expect((await runEntered(adapter, job(["cat", "/proc/self/autogroup"]), runJob)).tail).toContain("nice 10");
    }),
  );

  it("has names with patterns in them for what they are", () =>
    inFolder(async (folder, job) => {
      const odd = join(folder, "a*[b]?");
      for (const path of [odd, join(folder, "aXbY")]) {
        await mkdir(path);
        await writeFile(join(path, "file"), path);
      }
      const result = await runEntered(adapter, job(["/bin/sh", "-c", `cat ../*/file`], { readable: [odd] }), runJob);
      expect(result.tail).toBe(odd);
    }));

  it("may have the machine's own network where an operator lets it", () =>
    inFolder(async (_, job) => {
      const server = createServer((_asked, answer) => answer.end("outside"));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const ask = [process.execPath, "-e", `fetch("http://127.0.0.1:${port}/").then((answer) => answer.text()).then(console.log, () => console.log("nobody"))`];
      const seen = [];
      for (const kind of ["host", "private", "host"] as const) seen.push((await runEntered(adapter, job(ask, { network: { kind } }), runJob)).tail);
      expect(seen).toEqual(["outside", "nobody", "outside"]);
      server.close();
      server.closeAllConnections();
    }));

  it("reaches listed registries, and stays and is asked", () =>
    inFolder(async (folder, job) => {
      const registry = createServer((_asked, answer) => answer.end("a package"));
      await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
      const { port } = registry.address() as AddressInfo;
      const ask = [process.execPath, "-e", `fetch("http://localhost:${port}/").then((answer) => answer.text()).then(console.log, console.log)`];
      const registries = { kind: "registries" as const, hosts: [`localhost:${port}`] };
      const wrapped = withRegistries(adapter);
      expect((await runEntered(wrapped, job(ask, { network: registries }), runJob)).tail).toBe("a package");
      registry.close();
      registry.closeAllConnections();

      const start = createConfinedStarter({
        runConfined: async (one) => ({ ...(await runEntered(wrapped, one, runJob)), confinedBy: { sandbox: "sandbox-runtime", missing: [] } }),
        clock,
      });
      const service = await start(
        job([process.execPath, "-e", `require("node:http").createServer((_, answer) => answer.end("inside")).listen(8123, "127.0.0.1")`]),
      );
      const beside = {
        argv: [process.execPath, "-e", "console.log(require('node:fs').readdirSync('/root').length)"],
        cwd: "/",
        environment: {},
        timeoutMs: 20_000,
      };
      expect(await service.exec(beside)).toMatchObject({ kind: "exited", stdout: "0\n" });
      await expect(service.connect(1)).rejects.toMatchObject({ code: "ECONNREFUSED" });
      expect(await service.end({ signal: "SIGTERM", graceMs: 20_000 })).toMatchObject({ kind: "signalled", signal: "SIGTERM" });
      expect(readdirSync(folder).sort()).toEqual(["log", "scratch"]);
    }));
});

it.skipIf(report.available)("says why it is not there, and what to do", () => {
  expect(report.because).not.toBe("");
});
