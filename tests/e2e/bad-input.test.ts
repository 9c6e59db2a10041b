// Every bad input of a user, an upstream or a disk, in one place: a reader looks for a name here.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { UpdateView } from "@instar/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { processesNaming, TestInstance, until } from "./test-instance.ts";

/** The old version serves as before, in the same process: whatever came in harmed nobody. */
async function expectUntouched(instance: TestInstance, agent: number | null, version: string): Promise<void> {
  expect(await instance.served()).toEqual({ status: 200, version });
  expect(instance.pids().agent).toBe(agent);
  expect(instance.cli("audit", "verify").status).toBe(0);
}

describe("bad input from upstream leaves the running agent untouched:", () => {
  let instance: TestInstance;
  let agent: number | null;
  let version = 0;
  const next = () => `1.0.${++version}`;
  beforeAll(async () => {
    // Without a sandbox: what is caught then must be caught too. What a sandbox stops has tests of its own.
    instance = await TestInstance.create({ settings: "tests: { command: [node, --test], within: 4s }\nsandbox: { use: none, weaker: allowed }" });
    await instance.start();
    agent = instance.pids().agent;
  });
  afterAll(() => instance.end());
  afterEach(() => expectUntouched(instance, agent, "1.0.0"));

  it("a commit without its start script", async () => {
    const v = next();
    instance.publish(v, { "server.js": null });
    expect(await instance.ended(v)).toMatchObject({ outcome: "refused", code: "PACKAGE_REFUSED", because: expect.stringContaining("server.js") });
    instance.git(instance.work, "revert", "--no-edit", "HEAD");
  });

  it("tests that hang are ended at their deadline", async () => {
    const v = next();
    instance.publish(v, { "test/hang.test.js": 'import { test } from "node:test";\ntest("hangs", () => new Promise(() => setInterval(() => {}, 1000)));\n' });
    expect(await instance.ended(v)).toMatchObject({
      outcome: "refused",
      code: "VALIDATION_FAILED",
      because: expect.stringContaining("did not end within 4 s"),
    });
  });

  it("tests that leave processes behind, in sessions of their own, lose them", async () => {
    const v = next();
    const marker = `left-behind-${process.pid}`;
    instance.publish(v, {
      "test/hang.test.js": `import { spawn } from "node:child_process";\nimport { test } from "node:test";\ntest("leaves", () => {\n  for (const detached of [false, true]) spawn("sh", ["-c", "sleep 300; : ${marker}"], { detached, stdio: "ignore" }).unref();\n  throw new Error("and fails");\n});\n`,
    });
    expect(await instance.ended(v)).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    expect(processesNaming(marker)).toEqual([]);
  });

  it("tests that write a gigabyte of output", async () => {
    const v = next();
    instance.publish(v, {
      "test/hang.test.js":
        'import { writeSync } from "node:fs";\nconst mebibyte = Buffer.alloc(1048576, "x\\n");\nfor (let n = 0; n < 200; n += 1) writeSync(1, mebibyte);\nthrow new Error("loud");\n',
    });
    const update = await instance.ended(v);
    expect(update).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    expect(readFileSync(join(instance.data, "logs", `update-${update.id}.log`)).length).toBeLessThan(10 * 1_048_576);
  });

  it("tests that write into the release that they test", async () => {
    const v = next();
    instance.publish(v, {
      "test/hang.test.js": `import { chmodSync, readdirSync, writeFileSync } from "node:fs";\nimport { join } from "node:path";\nconst releases = ${JSON.stringify(join(instance.data, "releases"))};\nconst mine = readdirSync(releases).find((name) => name.startsWith(process.env.npm_package_version ?? "${v}-"));\nconst tree = join(releases, mine, "tree");\nchmodSync(tree, 0o755);\nwriteFileSync(join(tree, "planted.js"), "evil");\n`,
    });
    expect(await instance.ended(v)).toMatchObject({ outcome: "refused", code: "RELEASE_DAMAGED" });
  });

  it("a link that points out of the tree", async () => {
    const v = next();
    instance.git(instance.work, "rm", "--quiet", "test/hang.test.js");
    execFileSync("ln", ["-s", "/etc/passwd", join(instance.work, "passwd")]);
    instance.publish(v);
    expect(await instance.ended(v)).toMatchObject({ outcome: "refused", code: "PACKAGE_REFUSED" });
    rmSync(join(instance.work, "passwd"));
  });

  it("a force-pushed branch waits for a person, who may take it", async () => {
    const v = next();
    instance.git(instance.work, "reset", "--quiet", "--soft", "HEAD~2");
    instance.git(instance.work, "checkout", "--quiet", "--orphan", "rewritten");
    instance.git(instance.work, "branch", "--quiet", "-D", "main");
    instance.git(instance.work, "branch", "--quiet", "-m", "main");
    instance.publish(v);
    const seen = await until("it waits", async () => {
      const available = (await instance.statusNow())?.available;
      return available?.version === v ? available : undefined;
    });
    expect(seen).toMatchObject({ decision: "hold", because: expect.stringContaining("its history was rewritten (a force push)") });
    expect(instance.cli("source", "events").stdout).toContain("force_push");
  });

  it("a remote that is gone: status says so, and it is tried again", async () => {
    renameSync(instance.remote, `${instance.remote}.away`);
    await until("status says that the source fails", () => (instance.status().source.failing === null ? undefined : true));
    expect(instance.status().waiting).toContain("upstream cannot be read");
    expect(instance.cli("update", "check").status).toBe(5);
    expect(instance.cli("doctor").stdout).toContain("upstream");
    renameSync(`${instance.remote}.away`, instance.remote);
    expect(instance.cli("update", "check").status).toBe(0);
    expect(instance.status().source.failing).toBeNull();
  });

  it("a remote that is empty, and one that is not git", async () => {
    renameSync(instance.remote, `${instance.remote}.away`);
    instance.git(instance.folder, "init", "--quiet", "--bare", instance.remote);
    expect(instance.json<{ code: string }>("update", "check").code).toBe("SOURCE_EMPTY");
    rmSync(instance.remote, { recursive: true });
    mkdirSync(instance.remote);
    writeFileSync(join(instance.remote, "README"), "not git");
    expect(instance.json<{ code: string }>("update", "check").code).toBe("SOURCE_NOT_GIT");
    rmSync(instance.remote, { recursive: true });
    renameSync(`${instance.remote}.away`, instance.remote);
  });
});

describe("a machine that is short of something:", () => {
  it("memory too short for a second copy", async () => {
    const instance = await TestInstance.create();
    try {
      await instance.start();
      const agent = instance.pids().agent;
      instance.cli("down", "--keep-agent");
      instance.writeSettings("tests: { command: [node, --test], within: 30s, freeMemory: 900000GiB }");
      expect(instance.cli("up").status).toBe(0);
      instance.publish("1.0.1");
      await until("it waits for memory", async () =>
        /try.* again|MiB of memory are free/.test((await instance.statusNow())?.waiting ?? "") ? true : undefined,
      );
      expect(instance.status().waiting).toContain("MiB of memory are free");
      expect(instance.cli("update", "cancel").status).toBe(0);
      expect(instance.updates()[0]).toMatchObject({ outcome: "cancelled", versionTo: "1.0.1" });
      await expectUntouched(instance, agent, "1.0.0");
    } finally {
      instance.end();
    }
  });

  it("the port in use: up says so, and a front that lost its port gets it back", async () => {
    const instance = await TestInstance.create();
    const thief = createServer();
    try {
      await new Promise<void>((resolve) => thief.listen(instance.port, "127.0.0.1", resolve));
      const ran = instance.cli("up");
      expect(ran).toMatchObject({ status: 8, stderr: expect.stringContaining("PORT_IN_USE") });
      expect(existsSync(join(instance.data, "keeper"))).toBe(false);
      await new Promise<void>((resolve) => thief.close(() => resolve()));
      await instance.start();
      expect(await instance.served()).toMatchObject({ status: 200 });
    } finally {
      thief.close();
      instance.end();
    }
  });

  const isRoot = process.getuid?.() === 0;
  it.skipIf(!isRoot || process.platform !== "linux")(
    "a full disk: refused before the exchange, and rolled back from a reserve after it",
    async () => {
      const disk = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]);
      const ballast = join(disk, "ballast");
      let instance: TestInstance | undefined;
      const fill = (leaveBytes: number) => {
        const { bavail, bsize } = statfsSync(disk);
        const block = Buffer.alloc(64 * 1024, 1);
        try {
          for (let left = bavail * bsize - leaveBytes; left > 0; left -= block.length) appendFileSync(ballast, block.subarray(0, Math.min(left, block.length)));
        } catch (error) {
          // Instar wrote meanwhile: full is full.
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        }
      };
      try {
        instance = await TestInstance.create({ dataRoot: disk, settings: "watch: { time: 4s, requests: 0 }" });
        await instance.start();
        const agent = instance.pids().agent;

        // Full to the last byte, and both killed: they come back on what was set aside, and the agent never stopped.
        await until("the reserve is there", () => (existsSync(join(disk, "tested", "reserve")) ? true : undefined));
        fill(0);
        const { keeper, daemon } = instance.pids();
        for (const pid of [daemon, keeper]) process.kill(pid, "SIGKILL");
        await until("the front is gone", async () => ((await instance?.served()) === undefined ? true : undefined));
        expect(instance.cli("up")).toMatchObject({ status: 0 });
        expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
        expect(instance.pids().agent).toBe(agent);
        rmSync(ballast);
        await until("the reserve is there again", () => (existsSync(join(disk, "tested", "reserve")) ? true : undefined));

        fill(600_000);
        instance.publish("1.0.1");
        expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "refused", code: "DISK_FULL" });
        await expectUntouched(instance, agent, "1.0.0");
        rmSync(ballast);

        // Full to the last byte while the new version is watched: what going back needs was set aside.
        instance.publish("1.0.2", {
          "answer.js": (text) =>
            text.replace("return { status: 200, body: { ok: true, version } }", "return { status: process.uptime() > 2.5 ? 500 : 200, body: {} }"),
        });
        await until("it is watched", () =>
          instance
            ?.updates()
            .find((update) => update.versionTo === "1.0.2")
            ?.steps.find((step) => step.id === "watch")?.state === "running"
            ? true
            : undefined,
        );
        fill(0);
        expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "rolled-back", code: "MISBEHAVED" });
        expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
        rmSync(ballast);
        await until("the ledger has caught up", () => (instance?.cli("audit", "verify").status === 0 ? true : undefined));
        expect(instance.json<{ verdict: string }>("doctor").verdict).toBe("pass");
      } finally {
        rmSync(ballast, { force: true });
        instance?.end();
        execFileSync("umount", [disk]);
        rmSync(disk, { recursive: true });
      }
    },
    120_000,
  );
});

describe("what was changed on disk behind Instar's back:", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
    instance.publish("1.0.1");
    await instance.ended("1.0.1");
  });
  afterAll(() => instance.end());

  it("a release whose files were changed is named by doctor, and is put back from the copy that is kept before it serves again", async () => {
    const { releases } = instance.json<{ releases: { release: string; version: string }[] }>("history");
    const old = releases.find((release) => release.version === "1.0.0")?.release ?? "";
    const file = join(instance.data, "releases", old, "tree", "answer.js");
    const before = readFileSync(file);
    chmodSync(file, 0o644);
    writeFileSync(file, `${before}// one line more\n`);
    const doctor = instance.cli("doctor");
    expect(doctor).toMatchObject({ status: 9, stdout: expect.stringContaining("not what was sealed: changed answer.js") });
    expect(instance.cli("rollback", "--dry-run").stdout).toMatch(/code +backup restore: release .* was changed on disk/);
    const back = instance.json<UpdateView>("rollback");
    expect(back).toMatchObject({ outcome: "committed", versionTo: "1.0.0" });
    expect(back.steps[0]?.because).toContain("changed answer.js; it was put back from the copy that is kept");
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    expect(readFileSync(file)).toEqual(before);
    expect(instance.json<UpdateView>("rollback", "1.0.1", "--quarantined")).toMatchObject({ outcome: "committed" });
  });

  it("a release that is gone, and of which no copy is kept either, is built anew and is byte for byte what it was", async () => {
    const { releases } = instance.json<{ releases: { release: string; version: string }[] }>("history");
    const old = releases.find((release) => release.version === "1.0.0")?.release ?? "";
    const database = new DatabaseSync(join(instance.data, "instar.db"));
    const kept = JSON.parse((database.prepare("SELECT value FROM facts WHERE name = 'keptReleases'").get() as { value: string }).value) as { id: string }[];
    database.prepare("UPDATE facts SET value = ? WHERE name = 'keptReleases'").run(JSON.stringify(kept.filter(({ id }) => id !== old)));
    database.close();
    execFileSync("chmod", ["-R", "u+w", join(instance.data, "releases", old)]);
    rmSync(join(instance.data, "releases", old), { recursive: true });
    expect(instance.cli("rollback", "1.0.0", "--dry-run").stdout).toMatch(
      /code +state reconstruction: release .* is no longer on disk, and no copy of it is kept/,
    );
    const back = instance.json<UpdateView>("rollback", "1.0.0");
    expect(back).toMatchObject({ outcome: "committed", versionTo: "1.0.0" });
    expect(back.steps.find(({ id }) => id === "check-rebuilt")?.because).toContain("byte for byte");
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    expect(instance.json<UpdateView>("rollback", "1.0.1", "--quarantined")).toMatchObject({ outcome: "committed" });
  });

  it("a ledger with one changed letter does not verify", () => {
    const path = join(instance.data, "ledger", "00000000.jsonl");
    // One byte in its place, and nothing else: the daemon goes on writing behind it.
    const at = readFileSync(path, "latin1").indexOf('"system"') + 2;
    const put = (letter: string) => {
      const file = openSync(path, "r+");
      writeSync(file, letter, at);
      closeSync(file);
    };
    put("Y");
    expect(instance.cli("audit", "verify")).toMatchObject({ status: 9, stderr: expect.stringContaining("LEDGER_DAMAGED") });
    put("y");
    expect(instance.cli("audit", "verify").status).toBe(0);
  });

  it("a settings file with a mistake is refused with its line, and what runs goes on", async () => {
    const path = join(instance.agent, "instar.yaml");
    const before = readFileSync(path, "utf8");
    writeFileSync(path, before.replace("front: { port", "front: { porrt"));
    const ran = instance.cli("status");
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringMatching(/line \d+.*porrt.*port/s) });
    expect(await instance.served()).toMatchObject({ status: 200 });
    writeFileSync(path, before);
  });
});

describe("a candidate whose state the old version cannot run on:", () => {
  // The new version rewrites the state into a form that only it understands.
  const migrates = {
    "journal.js": (text: string) =>
      text
        .replace(
          "const text = existsSync(path)",
          'if (existsSync(path) && !readFileSync(path, "utf8").startsWith("v2")) writeFileSync(path, "v2\\n" + readFileSync(path, "utf8"));\n    const text = existsSync(path)',
        )
        .replace("readFileSync, writeSync", "readFileSync, writeFileSync, writeSync"),
    "answer.js": (text: string) =>
      text.replace("return { status: 200, body: { ok: true, version } }", "return { status: process.uptime() > 2 ? 500 : 200, body: {} }"),
  };
  const strict = {
    "journal.js": (text: string) =>
      text.replace("const whole =", 'if (text.startsWith("v2")) throw new Error("this state is from the future");\n    const whole ='),
  };

  it("state goes back with the code where no acknowledged write would be lost, and what was left is kept aside", async () => {
    const instance = await TestInstance.create({ settings: "watch: { time: 4s, requests: 0 }" });
    try {
      instance.publish("1.0.0", strict);
      expect(instance.cli("up").status).toBe(0);
      await until("it serves", async () => (await instance.served())?.status === 200 || undefined);
      await instance.write("precious");
      await instance.ended("1.0.0");
      instance.publish("1.0.1", { ...migrates, "journal.js": (text) => migrates["journal.js"](text.replace(/.*from the future.*\n/, "")) });
      expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "rolled-back" });
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
      expect(instance.written()).toBe('1 "precious"\n');
      const aside = execFileSync("grep", ["-rl", "^v2", join(instance.data, "aside")], { encoding: "utf8" }).trim();
      expect(readFileSync(aside, "utf8")).toBe('v2\n1 "precious"\n');
    } finally {
      instance.end();
    }
  });

  /** An instance whose old version cannot run on the state that the new one, now watched, has made of it. */
  async function startMigrated(): Promise<TestInstance> {
    const instance = await TestInstance.create();
    instance.publish("1.0.0", strict);
    await instance.start();
    await instance.write("before");
    instance.cli("down", "--keep-agent");
    instance.writeSettings("watch: { time: 10m, requests: 0 }");
    instance.cli("up");
    instance.publish("1.0.1", { "journal.js": (text) => migrates["journal.js"](text.replace(/.*from the future.*\n/, "")) });
    await until("the new version is watched", async () =>
      (await instance.updatesNow())[0]?.steps.find((step) => step.id === "watch")?.state === "running" ? true : undefined,
    );
    return instance;
  }

  it("a person is asked where acknowledged writes would be lost, the new version serves meanwhile, and the answer is carried out", async () => {
    const instance = await startMigrated();
    try {
      await instance.write("after");
      expect(instance.cli("update", "cancel").status).toBe(6);
      expect(instance.status().waiting).toMatch(/is stuck and needs a person: .*would lose 1 acknowledged writes/);
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
      expect(instance.json<UpdateView>("update", "resolve", "retry", "--lose-writes")).toMatchObject({ outcome: "rolled-back" });
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
      expect(instance.written()).toBe('1 "before"\n');
      const aside = execFileSync("grep", ["-rl", "after", join(instance.data, "aside")], { encoding: "utf8" }).trim();
      expect(readFileSync(aside, "utf8")).toBe('v2\n1 "before"\n2 "after"\n');
    } finally {
      instance.end();
    }
  });

  it("a keeper that was killed takes its last counts along: then nobody guesses what would be lost", async () => {
    const instance = await startMigrated();
    try {
      await instance.write("after");
      process.kill(instance.pids().keeper, "SIGKILL");
      await until("the front is back", async () => (await instance.served())?.status === 200 || undefined);
      expect(instance.cli("update", "cancel").status).toBe(6);
      expect(instance.status().waiting).toContain("would lose at least");
      expect(instance.cli("update", "resolve", "accept").status).toBe(0);
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
      expect(instance.written()).toContain("after");
    } finally {
      instance.end();
    }
  });
});

it("killing keeper, daemon and agent together is what `up` comes back from", async () => {
  const instance = await TestInstance.create();
  try {
    await instance.start();
    const number = await instance.write("survives");
    for (const pid of Object.values(instance.pids())) if (pid !== null) process.kill(pid, "SIGKILL");
    await until("all are gone", () => (processesNaming(instance.data).length === 0 ? true : undefined));
    expect(instance.status().waiting).toContain("instar up");
    expect(instance.cli("up").status).toBe(0);
    await until("it serves", async () => (await instance.served())?.status === 200 || undefined);
    expect(await instance.write("goes on")).toBe(number + 1);
  } finally {
    instance.end();
  }
});

it("a second daemon on the same folder ends at once, and the first goes on", async () => {
  const instance = await TestInstance.create();
  try {
    await instance.start();
    const { daemon } = instance.pids();
    expect(instance.cli("daemon")).toMatchObject({ status: 7, stderr: expect.stringContaining("ALREADY_RUNNING") });
    expect(instance.cli("keeper")).toMatchObject({ status: 7, stderr: expect.stringContaining("ALREADY_RUNNING") });
    expect(instance.pids().daemon).toBe(daemon);
    expect((await instance.served())?.status).toBe(200);
  } finally {
    instance.end();
  }
});
