import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

/** The example agent, which now reads its greeting from a file beside its state when it starts, and refuses one that is no text. */
const READS_CONFIGURATION = `import { existsSync, readFileSync } from "node:fs";
const path = \`\${process.env.STATE_DIR}/../config/agent.json\`;
const { greeting: greetingText, deaf } = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { greeting: "hello" };
if (typeof greetingText !== "string") throw new Error("greeting must be text");
if (deaf) process.on("SIGTERM", () => console.log("no"));
`;

describe("edits of the configuration, under load:", () => {
  let instance: TestInstance;
  const config = () => join(instance.agent, "config/agent.json");
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "backup: { config: [config, .env] }\nhealth: { http: { path: /health }, readyWithin: 5s }" });
    const answer = join(instance.work, "answer.js");
    writeFileSync(answer, READS_CONFIGURATION + readFileSync(answer, "utf8").replace('return "hello"', "return greetingText"));
    // Its own end of a deaf agent must not get in the way: the last handler that is added decides nothing.
    const server = join(instance.work, "server.js");
    writeFileSync(
      server,
      readFileSync(server, "utf8").replace(
        'process.on("SIGTERM", () => {',
        'process.on("SIGTERM", () => {\n  if (process.listenerCount("SIGTERM") > 1) return;',
      ),
    );
    instance.commit("1.0.0");
    const settings = join(instance.agent, "instar.yaml");
    writeFileSync(settings, readFileSync(settings, "utf8").replace("agent: { ", "agent: { stopWithin: 500ms, "));
    mkdirSync(join(instance.agent, "config"));
    writeFileSync(config(), '{\n  "greeting": "hello",\n  "token": "t0p-secret-value"\n}\n');
    chmodSync(config(), 0o600);
    await instance.start();
  });
  afterAll(() => instance.end());

  const apply = (plan: unknown) => {
    const path = join(instance.folder, "plan.json");
    writeFileSync(path, JSON.stringify(plan));
    const ran = instance.cli("edit", "apply", path, "--json");
    return { ran, update: JSON.parse(ran.stdout) as UpdateView & { code: string; detail?: string } };
  };
  const applyUnderLoad = async (plan: unknown) => {
    const load = new Load(instance.port);
    const applied = apply(plan);
    await load.end();
    expect(load.asked).toBeGreaterThan(0);
    return { ...applied, load };
  };
  const set = (values: Record<string, unknown>, restart = true) => ({
    because: "say it otherwise",
    edits: [{ set: "config/agent.json", values }, { restart }],
  });
  const leftovers = () => readdirSync(join(instance.agent, "config")).filter((name) => name !== "agent.json");

  it("a restart serves the new configuration, and no request fails", async () => {
    const before = instance.pids().agent;
    const { ran, load, update } = await applyUnderLoad(set({ "/greeting": "good evening" }));
    expect(ran.status, ran.stderr).toBe(0);
    expect(update).toMatchObject({ kind: "configuration", outcome: "committed", versionTo: "1.0.0" });
    expect(load.failed).toEqual([]);
    expect(await hello(instance.port)).toBe("good evening");
    expect(readFileSync(config(), "utf8")).toBe('{\n  "greeting": "good evening",\n  "token": "t0p-secret-value"\n}\n');
    expect(instance.pids().agent).not.toBe(before);
    expect(leftovers()).toEqual([]);
  });

  it("a value with which the agent does not start: the old configuration serves again, and no request fails", async () => {
    const { ran, load, update } = await applyUnderLoad(set({ "/greeting": 17 }));
    expect(ran.status).toBe(5);
    expect(update).toMatchObject({ outcome: "rolled-back", code: "UNHEALTHY", because: expect.stringContaining("did not become ready") });
    expect(load.failed).toEqual([]);
    expect(await hello(instance.port)).toBe("good evening");
    expect(readFileSync(config(), "utf8")).toContain('"good evening"');
    expect(leftovers()).toEqual([]);
  });

  it("without a restart the agent goes on as it is, in the same process", async () => {
    const before = instance.pids().agent;
    const { update } = apply(set({ "/greeting": "not yet" }, false));
    expect(update.outcome).toBe("committed");
    expect(instance.pids().agent).toBe(before);
    expect(await hello(instance.port)).toBe("good evening");
  });

  it("undone as a new update; refused where somebody changed the file since, which stays", async () => {
    const [last] = instance.updates();
    writeFileSync(config(), readFileSync(config(), "utf8").replace("not yet", "by hand"));
    const refused = instance.json<UpdateView>("edit", "undo", last?.id ?? "");
    expect(refused).toMatchObject({ outcome: "refused", code: "EDIT_CONFLICT", because: expect.stringContaining("config/agent.json") });
    expect(readFileSync(config(), "utf8")).toContain("by hand");
    writeFileSync(config(), readFileSync(config(), "utf8").replace("by hand", "not yet"));
    const undone = instance.json<UpdateView>("edit", "undo", last?.id ?? "", "--restart");
    expect(undone.outcome).toBe("committed");
    expect(readFileSync(config(), "utf8")).toContain("good evening");
  });

  it("an agent that ignores its stop signal is killed, and started again", async () => {
    apply(set({ "/deaf": true }));
    const before = instance.pids().agent;
    const { update, load } = await applyUnderLoad({ because: "speak again", edits: [{ set: "config/agent.json", remove: ["/deaf"] }, { restart: true }] });
    expect(update.outcome).toBe("committed");
    expect(load.failed).toEqual([]);
    expect(instance.pids().agent).not.toBe(before);
  });

  it("shows beforehand what would change, and never a secret; nor do journal, ledger and logs", async () => {
    const path = join(instance.folder, "plan.yaml");
    writeFileSync(path, "because: new key\nedits:\n  - set: config/agent.json\n    values: { /token: 5ecret-value, /greeting: hi }\n");
    const looked = instance.cli("edit", "plan", path);
    expect(looked.stdout).toContain('~ /greeting: "good evening" → "hi"');
    expect(looked.stdout).toContain("~ /token: ******** → ********");
    expect(instance.cli("edit", "apply", path).status).toBe(0);
    expect(readFileSync(config(), "utf8")).toContain("5ecret-value");
    const told = [looked.stdout, instance.log("daemon"), instance.log("keeper"), instance.cli("update", "list", "--json").stdout];
    for (const name of readdirSync(join(instance.data, "ledger"))) told.push(readFileSync(join(instance.data, "ledger", name), "utf8"));
    expect(told.join("\n")).toContain("CONFIGURATION_CHANGED");
    expect(told.join("\n")).not.toMatch(/5ecret-value|t0p-secret-value/);
    expect(readFileSync(join(instance.data, "instar.db"), "latin1")).not.toContain("5ecret-value");
  });

  it("what is not listed is refused, and so is a plan with a mistake, before anything begins", async () => {
    const { ran, update } = apply({ because: "x", edits: [{ write: "instar.yaml", content: "x" }] });
    expect(ran.status).toBe(4);
    expect(update).toMatchObject({ outcome: "refused", code: "EDIT_REFUSED" });
    expect(apply({ because: "x", edits: [{ write: "config/x", content: "s3cret", moed: "0600" }] }).update).toMatchObject({
      code: "INPUT_INVALID",
      detail: expect.stringContaining("moed"),
    });
  });

  it("a daemon that is killed in the middle leaves an update that ends, and a configuration that is whole", async () => {
    for (const round of [1, 3]) {
      const path = join(instance.folder, "plan.json");
      writeFileSync(path, JSON.stringify(set({ "/greeting": `round ${round}` })));
      expect(instance.cli("edit", "apply", path, "--no-wait").status).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, round * 60));
      process.kill(instance.pids().daemon, "SIGKILL");
      const ended = await until("it ended", async () => {
        const answer = await instance.ask<{ updates: UpdateView[] }>("GET", "/v1/update/list").catch(() => undefined);
        return answer?.updates[0]?.outcome === null ? undefined : answer?.updates[0];
      });
      expect(ended.outcome).toBe("committed");
      expect(await hello(instance.port)).toBe(`round ${round}`);
      expect(leftovers()).toEqual([]);
    }
  });
});

const hello = async (port: number) => (JSON.parse((await ask(port)).text) as { hello: string }).hello;

function ask(port: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path: "/", agent: false, timeout: 40_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", (error) => resolve({ status: 0, text: error.message }));
    }).on("error", (error) => resolve({ status: 0, text: error.message }));
  });
}

/** Two callers who ask one after the other, in a process of their own, since `cli` blocks this one. */
class Load {
  failed: readonly string[] = [];
  asked = 0;
  readonly #caller: ReturnType<typeof spawn>;
  readonly #said: Promise<string>;

  constructor(port: number) {
    this.#caller = spawn(process.execPath, ["-e", CALLER, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#said = text(this.#caller.stdout ?? Readable.from([]));
  }

  async end(): Promise<void> {
    this.#caller.stdin?.end();
    const said = JSON.parse(await this.#said) as { asked: number; failed: string[] };
    this.asked = said.asked;
    this.failed = said.failed;
  }
}

const CALLER = `
  const failed = [];
  let asked = 0, isOver = false;
  process.stdin.on("end", () => { isOver = true; }).resume();
  const call = async () => {
    while (!isOver) {
      const said = await fetch("http://127.0.0.1:" + process.argv[1] + "/").then(async (answer) => answer.status + " " + await answer.text(), String);
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (!said.startsWith("200 ")) failed.push(said);
    }
  };
  Promise.all([call(), call()]).then(() => process.stdout.write(JSON.stringify({ asked, failed })));
`;
