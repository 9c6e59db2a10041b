// `instar watch` as a person has it: a real instance, and a terminal of its own. The order matters; each story leaves what the next begins with.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { TestInstance, until } from "./test-instance.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What is touched by its name alone is of high impact: a person is asked. */
const high = (text: string) => ({ "auth.js": `export const ${text} = 1;\n` });
// biome-ignore lint/suspicious/noControlCharactersInRegex: how a colour begins
const COLOUR = /\u001b\[(?:3[0-8]|4[0-8]|9[0-7])[;m]/;
/** A test that passes, and writes what would clear a screen, name a window and turn a line round. */
const HOSTILE = `import { test } from "node:test";\ntest("says \\u202egnihton", () => { process.stdout.write("HERE\\u001b[2J\\u001b]0;owned\\u0007\\u202etxt.exe\\n"); });\n`;

describe("a person before a terminal", () => {
  let instance: TestInstance;
  let ada: string;
  let open: PseudoTerminal[] = [];

  const watch = (options: { columns?: number; rows?: number; environment?: Record<string, string>; args?: string[] } = {}) => {
    const { columns = 100, rows = 34, environment = {}, args = [] } = options;
    const terminal = new PseudoTerminal({
      folder: instance.folder,
      argv: instance.command("watch", ...args),
      environment: { ...instance.environment(), ...environment },
      columns,
      rows,
    });
    open.push(terminal);
    return terminal;
  };

  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
    const { secret: admin } = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin", "--expires", "1d");
    ada = instance.jsonAs<{ secret: string }>(admin, "token", "create", "ada", "--role", "approver", "--expires", "1d").secret;
  });
  afterEach(async () => {
    for (const terminal of open) await terminal.end();
    open = [];
  });
  afterAll(() => instance.end());

  it("sees an update run through, steered by nothing that its tests write", async () => {
    const terminal = watch();
    await terminal.shows("nothing → 1.0.0  committed");
    expect(terminal.text()).toMatch(/^tested {2}1\.0\.0 .* pass: GET \/health answered 200/);
    instance.publish("1.0.1", { "test/loud.test.js": HOSTILE });
    await terminal.shows(/update \w+ {2}1\.0\.0 → 1\.0\.1 /);
    const text = await terminal.shows(/1\.0\.0 → 1\.0\.1 {2}committed/);
    expect(text).toContain("› 1.0.0 → 1.0.1");
    expect(text).toContain("✔ Commit");
    expect(text).toMatch(/^tested {2}1\.0\.1 /);
    terminal.type("l");
    await terminal.shows("HERE\\u202etxt.exe");
    expect(terminal.raw).not.toMatch(/owned|\u202e/);
    terminal.type("q");
    await terminal.shows("q quit");
    terminal.type("q");
    expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
  });

  it("approves from the keyboard with a token that is not shown, after seeing what that means", async () => {
    const terminal = watch();
    instance.publish("1.0.2", high("two"));
    await terminal.shows("1.0.2 waits for approval: a approves, r rejects");
    terminal.type("a");
    const asked = await terminal.shows("Send it? y/n");
    expect(asked).toContain("Approve 1.0.2?");
    expect(asked.replaceAll(/\s+/g, " ")).toMatch(/You approve sha256:[0-9a-f]{64}, and no other bytes/);
    terminal.type("n");
    await terminal.shows("nothing was sent");
    expect((await instance.updatesNow())[0]).toMatchObject({ versionTo: "1.0.2", state: "approving" });
    terminal.type("a");
    await terminal.shows("Send it? y/n");
    terminal.type("y");
    await terminal.shows("This needs a token");
    terminal.type(`${ada}\r`);
    await terminal.shows(/1\.0\.1 → 1\.0\.2 {2}committed/);
    expect(terminal.raw).not.toContain(ada);
    expect(instance.ledger().filter(({ event }) => event === "UPDATE_APPROVED")).toMatchObject([{ actor: { id: "ada" } }]);
    terminal.type("\u0003");
    expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
  });

  it("rejects with reasons, as whom INSTAR_TOKEN says", async () => {
    const terminal = watch({ environment: { INSTAR_TOKEN: ada } });
    instance.publish("1.0.3", high("three"));
    await terminal.shows("1.0.3 waits for approval");
    terminal.type("r");
    await terminal.shows("Why?");
    terminal.type("not before the holidays\r");
    await terminal.shows("your reasons: not before the holidays");
    terminal.type("y");
    await terminal.shows(/1\.0\.2 → 1\.0\.3 {2}refused/);
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "refused", because: expect.stringContaining("not before the holidays") });
    terminal.type("q");
    expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
  });

  it("goes back after seeing the plan and typing the version", async () => {
    const terminal = watch();
    await terminal.shows("1.0.2 → 1.0.3  refused");
    terminal.type("b");
    const plan = await terminal.shows("Type 1.0.1 and Enter to send it");
    expect(plan).toMatch(/Lost: 0 acknowledged writes/);
    terminal.type("1.0.1\r");
    await terminal.shows(/^tested {2}1\.0\.1 /);
    await terminal.shows(/1\.0\.2 → 1\.0\.1 {2}committed/);
    terminal.type("q");
    expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
  });

  it("reads on while the daemon hangs and dies, and sees it come back", async () => {
    const terminal = watch();
    await terminal.shows("front ");
    const { daemon } = instance.pids();
    process.kill(daemon, "SIGSTOP");
    expect(await terminal.shows(/^ STALE since \d\d:\d\d:\d\dZ/)).toContain("tested  1.0.1");
    process.kill(daemon, "SIGKILL");
    await until("another daemon lives", () => (instance.pids().daemon === daemon ? undefined : true));
    await terminal.shows(/^tested {2}1\.0\.1 /);
    terminal.type("q");
    expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
  });

  it("can leave a daemon that hangs, also one that never answered", async () => {
    const terminal = watch();
    await terminal.shows("q quit   ? help   Enter");
    await terminal.shows(/^tested /);
    const { daemon } = instance.pids();
    process.kill(daemon, "SIGSTOP");
    try {
      await terminal.shows("STALE since");
      terminal.type("q");
      expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
      const late = watch();
      await late.shows("STALE since");
      late.type("q");
      expect(await late.ended()).toEqual({ status: 0, isAsItWas: true });
    } finally {
      process.kill(daemon, "SIGCONT");
    }
  });

  it("leaves no process behind when the terminal is closed", async () => {
    const terminal = watch();
    await terminal.shows(/^tested /);
    const pid = terminal.pid();
    await terminal.end();
    await until("the program has ended", () => (isAlive(pid) ? undefined : true));
  });

  it("has it in sixty columns, and after every change of size", async () => {
    const terminal = watch({ columns: 140, rows: 40 });
    await terminal.shows("s skip");
    for (const [columns, rows] of [
      [60, 20],
      [100, 40],
      [60, 24],
    ] as const) {
      await terminal.resize(columns, rows);
      const text = await terminal.shows(new RegExp(`^─{${columns}}$`, "m"));
      await terminal.shows(/^tested {2}1\.0\.1 /);
      expect(text.split("\n").filter((line) => line.length > columns)).toEqual([]);
    }
    terminal.type("q");
    expect(await terminal.ended()).toEqual({ status: 0, isAsItWas: true });
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("has the terminal back after %s", async (signal, status) => {
    const terminal = watch();
    await terminal.shows("q quit");
    process.kill(terminal.pid(), signal);
    expect(await terminal.ended()).toEqual({ status, isAsItWas: true });
  });

  it("has the terminal back after a crash", async () => {
    const preload = join(instance.folder, "crash.mjs");
    writeFileSync(preload, 'process.on("SIGUSR2", () => { throw new Error("a mistake in the program"); });\n');
    const terminal = watch({ environment: { NODE_OPTIONS: `--import=${preload}` } });
    await terminal.shows("q quit");
    process.kill(terminal.pid(), "SIGUSR2");
    expect(await terminal.ended()).toMatchObject({ isAsItWas: true });
    // What went wrong stands on the screen that is back.
    expect(terminal.raw.slice(terminal.raw.lastIndexOf("[?1049l"))).toContain("a mistake in the program");
  });

  it("sees no colour with NO_COLOR, and plain lines on a dumb terminal", async () => {
    const plain = watch({ environment: { NO_COLOR: "1" } });
    await plain.shows("q quit");
    await plain.shows("✔ Commit");
    plain.type("q");
    await plain.ended();
    expect(plain.raw).not.toMatch(COLOUR);
    const coloured = watch();
    await coloured.shows("✔ Commit");
    coloured.type("q");
    await coloured.ended();
    expect(coloured.raw).toMatch(COLOUR);
    const dumb = watch({ environment: { TERM: "dumb" } });
    await dumb.shows("Z  agent     1.0.1");
    process.kill(dumb.pid(), "SIGTERM");
    await dumb.ended();
    expect(dumb.raw).not.toContain("\u001b");
  });

  it("is told what is wrong before anything is drawn", async () => {
    const terminal = watch({ args: ["nothing-like-this"] });
    expect(await terminal.ended()).toEqual({ status: 2, isAsItWas: true });
    expect(terminal.raw).toContain("NOT_FOUND: there is no update nothing-like-this");
  });
});

describe("a program that reads along", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
  });
  afterAll(() => instance.end());

  it("gets an object for each change, across the death of the daemon", async () => {
    const [program, ...argv] = instance.command("watch", "--json", "--output");
    const watching = spawn(program, argv, { env: instance.environment(), stdio: ["ignore", "pipe", "inherit"] });
    const changes: Record<string, unknown>[] = [];
    createInterface({ input: watching.stdout }).on("line", (line) => changes.push(JSON.parse(line) as Record<string, unknown>));
    const told = (what: Record<string, unknown>) =>
      until(`it is told ${JSON.stringify(what)}`, () => changes.find((change) => Object.entries(what).every(([name, value]) => change[name] === value)));
    try {
      await told({ change: "agent", version: "1.0.0", health: "pass" });
      // Nobody starts another daemon before this was seen.
      process.kill(instance.pids().keeper, "SIGSTOP");
      process.kill(instance.pids().daemon, "SIGKILL");
      await told({ change: "daemon", answers: false });
      process.kill(instance.pids().keeper, "SIGCONT");
      await told({ change: "daemon", answers: true });
      instance.publish("1.0.1");
      const { update } = await told({ change: "update", versionTo: "1.0.1", outcome: null });
      await told({ change: "output", update });
      await told({ change: "step", update, step: "validate", state: "done" });
      await told({ change: "update", update, outcome: "committed" });
      await told({ change: "agent", version: "1.0.1" });
      expect(changes.every(({ at }) => typeof at === "string")).toBe(true);
      const steps = changes.filter(({ change, step, state }) => change === "step" && step === "commit" && state === "done");
      expect(steps).toHaveLength(1);
    } finally {
      watching.kill("SIGKILL");
    }
  });

  it("follows one update to its end, and exits with what that means", async () => {
    const { id } = await instance.ended("1.0.1");
    expect(instance.cli("watch", id.slice(0, 6))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/update {4}\w+ {2}1\.0\.0 → 1\.0\.1 {2}committed: every step is done$/m),
    });
    instance.publish("1.0.2", { "answer.js": "export const broken = ;\n" });
    const refused = await instance.ended("1.0.2");
    expect(refused.outcome).toBe("refused");
    expect(instance.cli("watch", refused.id, "--json")).toMatchObject({ status: 4 });
  });

  it("is answered from the disk where no daemon runs", async () => {
    expect(instance.cli("down").status).toBe(0);
    const update = instance.updates()[0]?.id ?? "";
    const { status, stdout } = instance.cli("watch", update, "--json");
    expect(status).toBe(4);
    expect(
      stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { change: string }).change),
    ).toEqual(["daemon", "agent", "update", "waiting"]);
  });
});
