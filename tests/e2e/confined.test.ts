// One list: what hostile tests, lying candidates and weak sandboxes may do to a running agent, end to end. Each by the name that the fault has.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import type { DoctorView, OutputOf, StatusView, UpdateView } from "@instar/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { processesNaming, TestInstance } from "./test-instance.ts";

const hasBubblewrap = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"].some((path) => existsSync(path));

/** In the sandbox that a user gets who writes nothing about it. */
const CONFINED = "sandbox: { limits: { processes: 64, disk: 32MiB, memory: 512MiB } }";
const LOUD_LIMIT_BYTES = 10 * 1_048_576;

const evidenceOf = (update: UpdateView, step: string) => update.steps.find(({ id }) => id === step)?.evidence ?? null;
const show = (instance: TestInstance, { id }: UpdateView) => instance.json<UpdateView>("update", "show", id);

describe.skipIf(!hasBubblewrap)("hostile tests fail with what was seen, and harm nobody:", () => {
  let instance: TestInstance;
  let agent: number | null;
  let secret: string;
  let outside: string;
  let version = 0;

  beforeAll(async () => {
    instance = await TestInstance.create({ settings: `${CONFINED}\ntests: { command: [node, --test], within: 10s, retries: 0 }` });
    outside = join(instance.folder, "outside");
    mkdirSync(outside);
    secret = join(outside, "secret");
    writeFileSync(secret, "the operator's secret");
    await instance.start();
    agent = instance.pids().agent;
  });
  afterAll(() => instance.end());
  afterEach(async () => {
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    expect(instance.pids().agent).toBe(agent);
    expect(readdirSync(outside)).toEqual(["secret"]);
    expect(readFileSync(secret, "utf8")).toBe("the operator's secret");
  });

  /** Publishes a version with this test file, and gives what became of it. */
  async function judge(test: string, more: Record<string, string> = {}): Promise<UpdateView> {
    const v = `1.0.${++version}`;
    instance.publish(v, { "test/hostile.test.js": `import assert from "node:assert/strict";\nimport { test } from "node:test";\n${test}\n`, ...more });
    const update = await instance.ended(v);
    expect(update).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    expect(evidenceOf(await show(instance, update), "validate")?.confinement).toEqual({ sandbox: "bubblewrap", missing: [] });
    return update;
  }

  it("tests that never end", async () => {
    const update = await judge('test("never ends", () => new Promise(() => setInterval(() => {}, 1000)));');
    expect(update.because).toContain("did not end within 10 s");
  });

  it("tests that print gigabytes", async () => {
    const update = await judge(
      'import { writeSync } from "node:fs";\nconst much = Buffer.alloc(1048576, "x\\n");\nfor (let n = 0; n < 1024; n += 1) writeSync(1, much);\ntest("is loud", () => assert.fail("and fails"));',
    );
    expect(statSync(join(instance.data, "logs", `update-${update.id}.log`)).size).toBeLessThan(LOUD_LIMIT_BYTES);
  });

  it("tests that fork without end", async () => {
    const update = await judge(
      'import { spawnSync } from "node:child_process";\ntest("forks", () => { spawnSync("/bin/sh", ["-c", "bomb() { bomb | bomb & }; bomb; sleep 3"]); assert.fail("still here"); });',
    );
    expect(update.because).toMatch(/processes|failed|forks/);
    expect(processesNaming("bomb | bomb")).toEqual([]);
  });

  it("tests that leave a process in a session of its own", async () => {
    const marker = `left-behind-${process.pid}-${version}`;
    const update = await judge(
      `import { spawn } from "node:child_process";\ntest("leaves", () => { spawn("setsid", ["sh", "-c", "sleep 300; : ${marker}"], { detached: true, stdio: "ignore" }).unref(); });`,
    );
    expect(update.because).toMatch(/left \d process(es)? behind/);
    expect(processesNaming(marker)).toEqual([]);
  });

  it("tests that listen on the live port, and ask it", async () => {
    const update = await judge(
      `import { createServer, get } from "node:http";\ntest("takes the port", async () => {\n  const reached = await new Promise((resolve) => get({ host: "127.0.0.1", port: ${instance.port}, path: "/" }, () => resolve("the live agent")).on("error", (error) => resolve(error.code)));\n  const server = createServer();\n  await new Promise((resolve, reject) => server.once("error", reject).listen(${instance.port}, "127.0.0.1", resolve));\n  server.close();\n  assert.equal(reached, "the live agent");\n});`,
    );
    expect(update.because).toContain("takes the port");
  });

  it("tests that read secrets, HOME and Instar's own data", async () => {
    const paths = [
      secret,
      join(instance.data, "daemon.json"),
      join(instance.agent, "state/writes.log"),
      "/etc/shadow",
      join(process.env.HOME ?? "/root", ".bashrc"),
    ];
    const update = await judge(
      `import { readFileSync } from "node:fs";\nfor (const path of ${JSON.stringify(paths)}) test("reads " + path, () => assert.equal(typeof readFileSync(path, "utf8"), "string"));\ntest("finds secrets in its environment", () => assert.ok(process.env.INSTAR_DATA ?? process.env.USER));`,
    );
    const stage = evidenceOf(await show(instance, update), "validate")?.stages?.find(({ stage }) => stage === "unit_tests");
    expect(stage?.failing).toEqual(expect.arrayContaining([...paths.map((path) => expect.stringContaining(path)), expect.stringContaining("environment")]));
  });

  it("tests that write outside", async () => {
    const paths = [join(outside, "planted"), join(instance.agent, "instar.yaml"), join(instance.data, "planted"), join(instance.folder, "planted")];
    await judge(
      `import { writeFileSync } from "node:fs";\nfor (const path of ${JSON.stringify(paths)}) test("writes " + path, () => writeFileSync(path, "planted"));`,
    );
    for (const path of paths) if (existsSync(path)) expect(readFileSync(path, "utf8")).not.toBe("planted");
  });

  it("tests that fill the disk", async () => {
    const update = await judge(
      'import { appendFileSync } from "node:fs";\ntest("fills", () => { for (let n = 0; n < 4096; n += 1) appendFileSync("filling-" + (n % 16), Buffer.alloc(1048576)); });',
    );
    expect(update.because).toMatch(/sandbox\.limits\.disk|EFBIG|ENOSPC|fills/);
  });

  it("tests that take all memory", async () => {
    const update = await judge('test("takes", () => { const kept = []; for (;;) kept.push(Buffer.alloc(33554432, 1)); });');
    expect(update.because).toMatch(/sandbox\.limits\.memory|SIGKILL/);
  });

  it("tests that wait for input", async () => {
    const update = await judge(
      'import { once } from "node:events";\ntest("asks", async () => { process.stdin.resume(); const [answer] = await Promise.race([once(process.stdin, "data"), once(process.stdin, "end").then(() => ["nothing"])]); assert.equal(String(answer), "yes"); });',
    );
    expect(update.because).toMatch(/asks|did not end within 10 s/);
  });

  it("tests that print a fake report and exit 0", async () => {
    const update = await judge('process.stdout.write("TAP version 13\\n1..100\\n# tests 100\\n# pass 100\\n# fail 0\\n");\nprocess.exit(0);', {
      "test/answer.test.js": 'console.log("# pass 100");\n',
    });
    expect(update.because).toMatch(/no test ran|not a pass/);
  });

  it("a lockfile that does not match", async () => {
    instance.writeSettings(
      `${CONFINED}\ntests: { command: [node, --test], within: 20s }\ninstall: { command: [npm, ci], lockfiles: [package-lock.json], produces: [node_modules] }`,
    );
    expect(instance.cli("down", "--keep-agent").status).toBe(0);
    expect(instance.cli("up").status).toBe(0);
    const v = `1.0.${++version}`;
    instance.publish(v, {
      "package.json": (text) => JSON.stringify({ ...(JSON.parse(text) as object), dependencies: { "is-number": "7.0.0" } }, null, 2),
      "package-lock.json": JSON.stringify({ name: "http-agent", lockfileVersion: 3, packages: { "": { name: "http-agent" } } }),
    });
    expect(await instance.ended(v)).toMatchObject({
      outcome: "refused",
      code: "CONFLICT",
      because: expect.stringContaining("package-lock.json and package.json do not agree"),
    });
    agent = instance.pids().agent;
  });
});

describe("a sandbox that is not strong enough", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "sandbox: { use: none, weaker: allowed }\nrehearsal: { samples: 20, performance: off, stays: 100ms }" });
    await instance.start();
  });
  afterAll(() => instance.end());

  it("is said by doctor, by the update and by the ledger where the operator allows it", async () => {
    instance.publish("1.0.1");
    const update = await instance.ended("1.0.1");
    expect(update.outcome).toBe("committed");
    expect(evidenceOf(await show(instance, update), "validate")?.confinement).toMatchObject({
      sandbox: "none",
      missing: expect.arrayContaining(["files", "network"]),
    });
    // Old and new share this machine's loopback, and each was asked at a port of its own.
    const findings = evidenceOf(await show(instance, update), "rehearse")?.rehearsal?.findings;
    expect(findings?.find(({ what }) => what === "answers")).toMatchObject({ verdict: "pass", because: "the answer is alike" });
    expect(instance.cli("update", "show", update.id).stdout).toContain("in none, WITHOUT files, network");
    const ledger = readdirSync(join(instance.data, "ledger")).map((file) => readFileSync(join(instance.data, "ledger", file), "utf8"));
    expect(ledger.join("")).toContain('"missing":["files","network"');
    const doctor = instance.json<DoctorView>("doctor");
    expect(doctor.checks.filter(({ area, verdict }) => area === "sandbox" && verdict === "inconclusive")).toHaveLength(5);
    expect(doctor.sandboxes.find(({ name }) => name === "none")?.aspects.find(({ aspect }) => aspect === "files")).toMatchObject({ enforced: "no" });
  });

  it("refuses the job where the operator does not", async () => {
    instance.writeSettings("sandbox: { use: none }");
    instance.cli("down", "--keep-agent");
    instance.cli("up");
    instance.publish("1.0.2");
    const update = await instance.ended("1.0.2");
    expect(update).toMatchObject({ outcome: "refused", code: "SANDBOX_WEAK", because: expect.stringContaining("files") });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
  });
});

/** Their tests are weakened on purpose: a person would be asked, and these are not about people. */
const NOBODY_IS_ASKED = "approvals: { for: [critical] }\ndecision: { approvalAboveRisk: critical }";

describe.skipIf(!hasBubblewrap)("a candidate that lies about its health never reaches the slot:", () => {
  let instance: TestInstance;
  let agent: number | null;
  let blocker: Server | undefined;
  let version = 0;
  const rehearsal = "rehearsal: { samples: 60, performance: off, stays: 1s, requests: [{ path: / }], things: [{ name: jobs, path: /jobs, at: /jobs }] }";

  beforeAll(async () => {
    instance = await TestInstance.create({
      settings: `sandbox: {}\n${rehearsal}\nhealth: { http: { path: /health, body: '"ok":true' }, version: { path: /health, at: /version }, readyWithin: 5s }\n${NOBODY_IS_ASKED}`,
    });
    instance.publish("1.0.0", {
      "answer.js": (text) =>
        text.replace(
          '  if (method === "GET" && path === "/")',
          '  if (method === "GET" && path === "/jobs") return { status: 200, body: { jobs: ["mail", "backup"] } };\n  if (method === "GET" && path === "/")',
        ),
    });
    await instance.start();
    agent = instance.pids().agent;
    await instance.write("kept");
  });
  afterAll(() => {
    blocker?.close();
    instance.end();
  });
  afterEach(async () => {
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    expect(instance.pids().agent).toBe(agent);
    expect(instance.written()).toBe('1 "kept"\n');
  });

  async function rehearse(file: string, change: (text: string) => string): Promise<UpdateView> {
    const v = `1.0.${++version}`;
    const before = readFileSync(join(instance.work, file), "utf8");
    instance.publish(v, { [file]: change, "test/answer.test.js": 'import { test } from "node:test";\ntest("says nothing", () => {});\n' });
    const update = await instance.ended(v);
    writeFileSync(join(instance.work, file), before);
    expect(update).toMatchObject({ outcome: "refused", code: "REHEARSAL_FAILED" });
    return update;
  }

  it("200 with the wrong body", async () => {
    const update = await rehearse("answer.js", (text) => text.replace("ok: true", "ok: false"));
    expect(update.because).toContain("readiness");
  });

  it("the version of another", async () => {
    const update = await rehearse("server.js", (text) => text.replace("JSON.stringify(body)", 'JSON.stringify({ ...body, version: "1.0.0" })'));
    expect(update.because).toMatch(/version/);
  });

  it("an HTML page with 200", async () => {
    const update = await rehearse("server.js", (text) => text.replace("JSON.stringify(body)", '"<html>\\"ok\\":true</html>"'));
    expect(update.because).toMatch(/version|JSON/);
  });

  it("well, and every other request fails", async () => {
    const update = await rehearse("server.js", (text) =>
      text.replace("response.writeHead(status,", 'response.writeHead(request.url === "/health" ? status : 500,'),
    );
    expect(update.because).toMatch(/things jobs|errors|answers/);
  });

  it("a job that is missing", async () => {
    const update = await rehearse("answer.js", (text) => text.replace('["mail", "backup"]', '["mail"]'));
    expect(update.because).toContain("backup");
  });

  it("ready, and gone a moment later", async () => {
    await rehearse("server.js", (text) => `${text}\nsetTimeout(() => process.exit(1), 700);\n`);
  });

  it("new errors in its log", async () => {
    const update = await rehearse("server.js", (text) =>
      text.replace("response.writeHead(status,", 'console.error("ERROR the index is corrupt"), response.writeHead(status,'),
    );
    expect(update.because).toContain("the index is corrupt");
  });

  it("one that writes the live state, or reaches the live agent, does so to nobody", async () => {
    blocker = createServer((socket) => socket.end("the network"));
    await new Promise<void>((resolve) => blocker?.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as { port: number };
    const update = await rehearse(
      "server.js",
      (text) =>
        `${text}\nimport { appendFileSync } from "node:fs";\nimport { connect } from "node:net";\nappendFileSync(${JSON.stringify(join(instance.agent, "state/writes.log"))}, '2 "planted"\\n');\nconnect(${port}, "127.0.0.1").on("connect", () => console.error("ERROR it got out")).on("error", () => console.error("ERROR it stayed in"));\n`,
    );
    expect(update.because).toContain("it stayed in");
  });

  it("and a good one is committed, with what was measured beside it", async () => {
    const v = `1.0.${++version}`;
    instance.publish(v, { "test/answer.test.js": 'import { test } from "node:test";\ntest("is fine", () => {});\n' });
    const update = await instance.ended(v);
    expect(update.outcome).toBe("committed");
    const { rehearsal: report } = evidenceOf(await show(instance, update), "rehearse") ?? {};
    expect(report).toMatchObject({ wayBack: "code-alone" });
    expect(report?.findings.find(({ what }) => what === "version")).toMatchObject({ verdict: "pass" });
    expect(report?.findings.find(({ what }) => what === "things jobs")).toMatchObject({ verdict: "pass" });
    const health = instance.json<OutputOf<"health">>("health", "before");
    expect(health.checks.map(({ check }) => check)).toEqual([
      "system_health",
      "disk_space",
      "memory_available",
      "network_connectivity",
      "service_status",
      "database_connection",
    ]);
    instance.publish("1.0.0");
    instance.cli("rollback", "--json");
    agent = instance.pids().agent;
  });
});

describe.skipIf(!hasBubblewrap)("a state that only goes forward", () => {
  it("is known beforehand, and goes back with the code", async () => {
    const instance = await TestInstance.create({
      settings: "sandbox: {}\nrehearsal: { samples: 20, performance: off, stays: 100ms }\nhealth: { http: { path: /health }, readyWithin: 5s }",
    });
    try {
      await instance.start();
      await instance.write("before");
      const migrating = (text: string) =>
        text.replace(
          'const path = join(folder, "writes.log");',
          'const path = join(folder, "writes.log");\n    writeSync(openSync(join(folder, "schema"), "w"), "2");',
        );
      const refusing = (text: string) =>
        text.replace(
          'const path = join(folder, "writes.log");',
          'const path = join(folder, "writes.log");\n    if (existsSync(join(folder, "schema"))) throw new Error("the state is of a newer version");',
        );
      instance.publish("1.0.1", { "journal.js": refusing });
      expect((await instance.ended("1.0.1")).outcome).toBe("committed");
      instance.publish("1.0.2", { "journal.js": (text) => migrating(text.replace(/\n {4}if \(existsSync\(join\(folder, "schema"\)\)\).*\n/, "\n")) });
      const update = await instance.ended("1.0.2");
      expect(update.outcome).toBe("committed");
      expect(evidenceOf(await show(instance, update), "rehearse")?.rehearsal).toMatchObject({ wayBack: "with-state" });
      await instance.write("after");

      const refused = instance.cli("rollback");
      expect(refused.status).toBe(7);
      expect(refused.stderr).toContain("code alone cannot go back");
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.2" });

      expect(instance.cli("rollback", "--with-state").status).toBe(0);
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
      expect(instance.written()).toBe('1 "before"\n');
      expect(existsSync(join(instance.agent, "state/schema"))).toBe(false);
      const aside = readdirSync(join(instance.data, "aside"));
      expect(aside).toHaveLength(1);
    } finally {
      instance.end();
    }
  });
});

describe.skipIf(!hasBubblewrap)("an agent in a sandbox", () => {
  it("serves, is exchanged, keeps its state, and sees nothing of Instar's", async () => {
    const instance = await TestInstance.create();
    try {
      const settings = readFileSync(join(instance.agent, "instar.yaml"), "utf8");
      writeFileSync(join(instance.agent, "instar.yaml"), settings.replace(/^(agent: \{.*) \}$/m, "$1, sandbox: { level: sandboxed } }"));
      const token = join(instance.data, "daemon.json");
      instance.publish("1.0.0", {
        "answer.js": (text) =>
          `import { existsSync } from "node:fs";\n${text.replace("hello: greeting(), version,", `hello: greeting(), version, sees: existsSync(${JSON.stringify(token)}),`)}`,
      });
      await instance.start();
      await instance.write("kept");
      expect(instance.json<StatusView>("status").agent).toMatchObject({ containment: "sandboxed", health: "pass" });
      instance.publish("1.0.1");
      expect((await instance.ended("1.0.1")).outcome).toBe("committed");
      expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
      expect(instance.written()).toBe('1 "kept"\n');
      const body = await fetch(`http://127.0.0.1:${instance.port}/`).then((answer) => answer.json() as Promise<{ sees: boolean }>);
      expect(body.sees).toBe(false);
    } finally {
      instance.end();
    }
  });
});

it("a process that names another version than the one that was put there is not confirmed, and the old one comes back", async () => {
  const instance = await TestInstance.create({ settings: "health: { http: { path: /health }, version: { path: /health, at: /version }, readyWithin: 15s }" });
  try {
    await instance.start();
    instance.publish("1.0.1", { "server.js": (text) => text.replace("JSON.stringify(body)", 'JSON.stringify({ ...body, version: "1.0.0" })') });
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "rolled-back", code: "VERIFY_FAILED", because: expect.stringContaining("1.0.0") });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
  } finally {
    instance.end();
  }
});

it("a live install that is overwritten underneath is reported degraded while its health page is green", async () => {
  const instance = await TestInstance.create();
  try {
    await instance.start();
    const { release } = instance.status().agent;
    const file = join(instance.data, "releases", release ?? "", "tree/answer.js");
    rmSync(file, { force: true });
    writeFileSync(file, "export const version = '6.6.6';\n");
    const status = instance.json<StatusView>("status");
    expect(status.agent).toMatchObject({ health: "fail", degraded: expect.stringContaining("answer.js"), because: expect.stringContaining("answered 200") });
    expect(instance.cli("doctor").stdout).toMatch(/not what was sealed: .*answer\.js/);
  } finally {
    instance.end();
  }
});
