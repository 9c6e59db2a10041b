import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, open as openFile, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import type { SandboxAspect, SandboxReport } from "@instar/protocol";
import type { ContractRunner } from "./describe-step-contract.ts";

/** What the contract asks to be run, and in what. */
export interface ContractJob {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly logPath: string;
  readonly title: string;
  readonly confinement: ContractConfinement;
}

export interface ContractConfinement {
  readonly use: "test";
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  readonly scratch: string;
  readonly network: { readonly kind: "private" };
  readonly limits: { readonly memoryBytes: number; readonly processes: number; readonly descriptors: number; readonly diskBytes: number };
}

export interface ContractResult {
  readonly kind: string;
  readonly status?: number;
  readonly signal?: string;
  readonly exceeded?: string;
  readonly tail: string;
}

/** The part of an adapter that the contract is about. */
export interface ContractSandbox {
  describe(): Promise<SandboxReport>;
  enter(
    confinement: ContractConfinement,
    program: { readonly argv: readonly string[]; readonly cwd: string; readonly environment: Readonly<Record<string, string>> },
  ): Promise<{ leave(): Promise<void> }>;
}

export interface SandboxWorld {
  readonly adapter: ContractSandbox;
  /** The same where its tool has gone since it was described; absent where it needs no tool. */
  readonly withoutTool?: SandboxWorld["run"];
  /** Runs a job in the adapter as Instar does: enters, starts, watches, ends it at a limit, leaves. */
  run(job: ContractJob): Promise<ContractResult>;
  /** Empty, and nobody else's. */
  readonly folder: string;
  /** Everything that `enter` may have made, as plain data. */
  look(): Promise<unknown>;
  close(): Promise<void>;
}

const MIB = 1_048_576;
const ROOMY = { memoryBytes: 1_024 * MIB, processes: 128, descriptors: 512, diskBytes: 64 * MIB };

/**
 * The obligations of a sandbox, as test cases: a program in it runs as it would outside, and what `describe` calls enforced is enforced. Where an aspect
 * is not enforced here its case has nothing to show, and passes. Needs a POSIX system and Node at `process.execPath`.
 */
export function describeSandboxContract(name: string, open: () => Promise<SandboxWorld>, { describe, it }: ContractRunner): void {
  const inWorld = (act: (place: Place) => Promise<void>) => async () => {
    const world = await open();
    try {
      await act(await createPlace(world));
    } finally {
      await world.close();
    }
  };
  const whereEnforced = (aspects: readonly SandboxAspect[], act: (place: Place) => Promise<void>) =>
    inWorld(async (place) => {
      if (aspects.every((aspect) => place.enforces.has(aspect))) await act(place);
    });

  describe(`the sandbox ${name}`, () => {
    it(
      "is described aspect by aspect, with reasons",
      inWorld(async ({ world }) => {
        const report = await world.adapter.describe();
        assert.equal(report.available, true, report.because);
        assert.equal(report.aspects.length, 9);
        for (const { aspect, enforced, by, because } of report.aspects) {
          assert.notEqual(because, "", aspect);
          assert.equal(enforced === "no", by === "", `${aspect} is enforced by something exactly where it is enforced`);
        }
      }),
    );

    it(
      "hands on the program's status and the signal that ended it",
      inWorld(async ({ sh }) => {
        assertLike(await sh("exit 7"), { kind: "exited", status: 7 });
        assertLike(await sh("kill -SEGV $$"), { kind: "signalled", signal: "SIGSEGV" });
        assertLike(await sh("kill -TERM $$"), { kind: "signalled", signal: "SIGTERM" });
      }),
    );

    it(
      "changes nothing of arguments, folder and environment",
      inWorld(async ({ node, scratch }) => {
        const words = ["", "two words", "a\nb", "it's", '"', "$(true)", "--", "-x", "ä€😀", "*"];
        const environment = { SAID: "a \"b\" 'c'\n$d", EMPTY: "", LD_LIBRARY_PATH: "/nowhere" };
        const script = "console.log(JSON.stringify({ words: process.argv.slice(1), cwd: process.cwd(), environment: process.env }))";
        const seen = JSON.parse((await node(script, { words, environment, cwd: join(scratch, "in it") })).tail);
        assert.deepEqual(seen.words, words);
        assert.equal(seen.cwd, join(scratch, "in it"));
        for (const [variable, value] of Object.entries(environment)) assert.equal(seen.environment[variable], value, variable);
      }),
    );

    it(
      "shows nothing of the environment around it",
      inWorld(async ({ node }) => {
        const { tail } = await node("console.log(Object.keys(process.env).sort().join(' '))");
        // What shells add for themselves, the runner's own marker, and macOS's.
        const extra = tail.split(" ").filter((variable) => !/^(PATH|HOME|INSTAR_JOB|PWD|OLDPWD|SHLVL|_|TMPDIR|__CF_USER_TEXT_ENCODING)$/.test(variable));
        assert.deepEqual(extra, []);
      }),
    );

    it(
      "lets stdout and stderr into the log",
      inWorld(async ({ sh, log }) => {
        await sh("echo one; echo two >&2");
        assert.match(await readFile(log, "utf8"), /one\ntwo\n/);
      }),
    );

    it(
      "lets a job read what is readable and write what is writable, a writable folder in a readable one too",
      whereEnforced(["files"], async ({ sh, folder, scratch }) => {
        const candidate = join(folder, "candidate");
        await mkdir(join(candidate, "dist"), { recursive: true });
        await put(join(candidate, "code"), "code");
        const given = { readable: [candidate, join(folder, "not there")], writable: [join(candidate, "dist")] };
        const result = await sh(
          `cat ${candidate}/code && ! echo x >${candidate}/code && ! echo x >${candidate}/new && ! rm ${candidate}/code && ! chmod 600 ${candidate}/code && echo out >${candidate}/dist/out && echo mine >mine`,
          given,
        );
        assertLike(result, { kind: "exited", status: 0 });
        assert.equal(await readFile(join(candidate, "code"), "utf8"), "code");
        assert.equal(await readFile(join(candidate, "dist", "out"), "utf8"), "out\n");
        assert.equal(await readFile(join(scratch, "mine"), "utf8"), "mine\n");
        assert.equal(existsSync(join(candidate, "new")), false);
      }),
    );

    it(
      "keeps what is not named out of reach",
      whereEnforced(["files"], async ({ sh, folder, scratch }) => {
        const secret = randomUUID();
        await put(join(folder, "secret"), secret);
        const { tail } = await sh(
          `cat ${folder}/secret; cat ../secret; ln -s ${folder}/secret link && cat link; echo x >${folder}/written; ls -a ${folder}; true`,
        );
        assert.equal(tail.includes(secret), false, tail);
        assert.equal(existsSync(join(folder, "written")), false);
        // Outside a link may lead anywhere: whoever reads scratch later must not follow it.
        assert.equal(existsSync(join(scratch, "link")), true);
      }),
    );

    it(
      "gives a loopback that works and is nobody else's",
      whereEnforced(["network"], async ({ node }) => {
        let reached = 0;
        const server = createServer((socket) => {
          reached += 1;
          socket.destroy();
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const address = server.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        try {
          const result = await node(CONNECT, { words: [String(port)] });
          assert.equal(result.tail, "own loopback: yes\noutside: no");
          assert.equal(reached, 0);
        } finally {
          server.close();
        }
      }),
    );

    it(
      "ends a job that takes more memory than it may, and the job's result says so",
      whereWatched("memory", async ({ node }) => {
        const hog = "const taken = []; for (let i = 0; i < 24; i += 1) taken.push(Buffer.alloc(33554432, 1)); setTimeout(() => taken.length, 20000)";
        assert.match((await node(hog, { limits: { memoryBytes: 192 * MIB } })).exceeded ?? "", /memory.*192 MiB/);
      }),
    );

    it(
      "ends a job that starts more processes than it may",
      whereWatched("processes", async ({ sh }) => {
        const bomb = 'boom() { boom & boom & sleep 30; }; i=0; while [ "$i" -lt 60 ]; do sleep 30 & i=$((i+1)); done; boom; wait';
        assert.match((await sh(bomb, { limits: { processes: 24 } })).exceeded ?? "", /processes.*24/);
      }),
    );

    it(
      "lets no process open more files than it may",
      whereEnforced(["descriptors"], async ({ node }) => {
        const script =
          "const fs = require('node:fs'); let n = 0; try { for (; n < 500; n += 1) fs.openSync('/dev/null') } catch (error) { console.log(error.code) }";
        assert.equal((await node(script, { limits: { descriptors: 96 } })).tail, "EMFILE");
      }),
    );

    it(
      "lets no file grow beyond what the scratch folder may hold",
      whereWatched("disk", async ({ sh, scratch }) => {
        const result = await sh("head -c 4194304 /dev/zero >large; ls -l large | tr -s ' ' | cut -d' ' -f5", { limits: { diskBytes: MIB } });
        assert.equal((await readFile(join(scratch, "large"))).length <= MIB, true, result.tail);
      }),
    );

    it(
      "ends a job that fills its scratch folder, with named files or with one that has no name any more",
      whereWatched("disk", async ({ sh }) => {
        const many = "i=0; while [ $i -lt 8 ]; do head -c 1000000 /dev/zero >f$i; i=$((i+1)); done; sleep 30";
        assert.match((await sh(many, { limits: { diskBytes: 4 * MIB } })).exceeded ?? "", /scratch/);
        if (process.platform !== "linux") return;
        const nameless = "exec 5>a 6>b 7>c; rm a b c f*; for n in 5 6 7; do head -c 2000000 /dev/zero >&$n; done; sleep 30";
        assert.match((await sh(nameless, { limits: { diskBytes: 4 * MIB } })).exceeded ?? "", /scratch/);
      }),
    );

    it(
      "ends the whole tree at the deadline, and what left it by setsid and a double fork too",
      whereEnforced(["time"], async ({ node }) => {
        const word = `instar-contract-${randomUUID()}`;
        const result = await node(FORK_AWAY, { words: [word], timeoutMs: 1_500 });
        assert.equal(result.kind, "timed-out");
        assert.match(result.tail, /forked away/);
        assert.equal(countRunning(word), 0);
      }),
    );

    it(
      "ends what a program leaves behind when it exits",
      whereEnforced(["time"], async ({ sh }) => {
        const word = `instar-contract-${randomUUID()}`;
        assertLike(await sh(`sh -c 'sleep 60; : ${word}' & exit 0`), { kind: "exited", status: 0 });
        assert.equal(countRunning(word), 0);
      }),
    );

    it(
      "runs nothing outside where its tool has gone since",
      inWorld(async ({ world, jobFor, folder, scratch }) => {
        if (world.withoutTool === undefined) return;
        const job = jobFor(["/bin/sh", "-c", `touch ${folder}/ran ${scratch}/ran`], {});
        const end = await world.withoutTool(job).then(
          (result) => result.kind === "exited" && result.status === 0,
          () => false,
        );
        assert.equal(end, false, "a job without its sandbox did not fail");
        assert.equal(existsSync(join(folder, "ran")) || existsSync(join(scratch, "ran")), false);
      }),
    );

    it(
      "leaves nothing behind, and may be left twice",
      inWorld(async ({ world, jobFor, sh }) => {
        await sh("true"); // What an adapter makes once and keeps is there from here on.
        const before = await world.look();
        const { confinement, ...program } = jobFor(["/bin/sh", "-c", "true"], {});
        const entered = await world.adapter.enter(confinement, program);
        await entered.leave();
        assert.deepEqual(await world.look(), before);
        await entered.leave();
        assert.deepEqual(await world.look(), before);
      }),
    );
  });

  /** Memory, processes and disk are also shown where a watchdog holds them, which is called "partly". */
  function whereWatched(aspect: SandboxAspect, act: (place: Place) => Promise<void>) {
    return inWorld(async (place) => {
      const found = (await place.world.adapter.describe()).aspects.find((entry) => entry.aspect === aspect);
      if (found?.enforced !== "no") await act(place);
    });
  }
}

interface Options {
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly readable?: readonly string[];
  readonly writable?: readonly string[];
  readonly limits?: Partial<ContractConfinement["limits"]>;
}

interface Place {
  readonly world: SandboxWorld;
  readonly folder: string;
  readonly scratch: string;
  readonly log: string;
  readonly enforces: ReadonlySet<SandboxAspect>;
  readonly jobFor: (argv: readonly string[], options: Options) => ContractJob;
  readonly sh: (script: string, options?: Options) => Promise<ContractResult>;
  readonly node: (script: string, options?: Options) => Promise<ContractResult>;
}

async function createPlace(world: SandboxWorld): Promise<Place> {
  const { folder } = world;
  const scratch = join(folder, "scratch");
  const log = join(folder, "log");
  await mkdir(join(scratch, "in it"), { recursive: true });
  const report = await world.adapter.describe();
  const jobFor = (argv: readonly string[], options: Options): ContractJob => ({
    argv,
    cwd: options.cwd ?? scratch,
    environment: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: scratch, ...options.environment },
    timeoutMs: options.timeoutMs ?? 30_000,
    logPath: log,
    title: "contract",
    confinement: {
      use: "test",
      readable: [process.execPath, ...(options.readable ?? [])],
      writable: options.writable ?? [],
      scratch,
      network: { kind: "private" },
      limits: { ...ROOMY, ...options.limits },
    },
  });
  return {
    ...{ world, folder, scratch, log, jobFor },
    enforces: new Set(report.aspects.flatMap(({ aspect, enforced }) => (enforced === "yes" ? [aspect] : []))),
    sh: async (script, options = {}) => world.run(jobFor(["/bin/sh", "-c", script], options)),
    node: async (script, options = {}) => world.run(jobFor([process.execPath, "-e", script, "--", ...(options.words ?? [])], options)),
  };
}

const CONNECT = `
const net = require("node:net");
const connect = (port) => new Promise((resolve) => {
  const socket = net.connect(Number(port), "127.0.0.1");
  socket.once("connect", () => { socket.destroy(); resolve("yes"); });
  socket.once("error", () => resolve("no"));
});
const server = net.createServer((socket) => socket.destroy());
server.listen(0, "127.0.0.1", async () => {
  console.log("own loopback: " + (await connect(server.address().port)));
  console.log("outside: " + (await connect(process.argv[1])));
  server.close();
});
`;

/** A child in a session of its own whose parent ends at once, and which ignores what it is asked. */
const FORK_AWAY = `
const { spawn } = require("node:child_process");
const stay = "process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); setInterval(() => {}, 1000)";
const fork = "require('node:child_process').spawn(process.execPath, ['-e', " + JSON.stringify(stay) + ", '--', process.argv[1]], { detached: true, stdio: 'ignore' }).unref()";
spawn(process.execPath, ["-e", fork, "--", process.argv[1]], { detached: true, stdio: "ignore" }).once("exit", () => console.log("forked away"));
setInterval(() => {}, 1000);
`;

/** Living processes of this machine whose command line has the word. */
function countRunning(word: string): number {
  if (process.platform !== "linux")
    return execFileSync("ps", ["-axo", "command"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(word)).length;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((name) => readQuietly(`/proc/${name}/cmdline`).includes(word)).length;
}

async function put(path: string, text: string): Promise<void> {
  const file = await openFile(path, "wx");
  await file.write(text);
  await file.close();
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function assertLike(result: ContractResult, wanted: Partial<ContractResult>): void {
  const seen = Object.fromEntries(Object.keys(wanted).map((key) => [key, result[key as keyof ContractResult]]));
  assert.deepEqual(seen, wanted, result.tail);
}
