import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import { deploymentShown, FakeDaemon, sendProblem } from "./fake-daemon.testing.ts";
import type { EndedDeployment, ResumeOptions, Resumption } from "./resume.ts";

let daemon: FakeDaemon;
let serving: string;
let acknowledged: string[];
let shown: object[];
let resumption: Resumption | undefined;
const children: ChildProcess[] = [];

beforeEach(async () => {
  daemon = await FakeDaemon.create();
  serving = "r";
  acknowledged = [];
  shown = [deploymentShown({ update: "u2", outcome: "refused", comment: "no" }), deploymentShown()];
  daemon.answers["GET /v1/status"] = () => ({ state: "idle", agent: { release: serving } });
  daemon.answers["GET /v1/code/deployments"] = () => ({ deployments: shown.filter((each) => !acknowledged.includes((each as EndedDeployment).update)) });
  daemon.answers["POST /v1/code/acknowledge"] = ({ body }) => {
    acknowledged.push((body as { update: string }).update);
    return { deployment: deploymentShown(body as object) };
  };
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await resumption?.stop();
  await daemon.end();
});

function resume(handler: (deployment: EndedDeployment) => void | Promise<void>, options: ResumeOptions = {}): void {
  resumption = connect({ door: daemon.door, release: "r", patienceMs: 50 }).resume(handler, { everyMs: 2, ...options });
}
const until = async (is: () => boolean) => {
  while (!is()) await new Promise(setImmediate);
};
const looks = () => daemon.routes().filter((route) => route.includes("deployments")).length;

describe("resuming", () => {
  it("tells each deployment that has ended, oldest first, once, and acknowledges it afterwards", async () => {
    const told: string[] = [];
    resume(async ({ update, asker, outcome, comment }) => {
      await new Promise(setImmediate);
      expect(acknowledged).not.toContain(update);
      told.push(`${update} ${asker} ${outcome} ${comment}`);
    });
    await until(() => acknowledged.length === 2);
    const seen = looks();
    await until(() => looks() > seen + 3);
    expect(told).toEqual(["u1 chat 7 committed null", "u2 chat 7 refused no"]);
    expect(acknowledged).toEqual(["u1", "u2"]);
    expect(daemon.heard[0]?.query).toMatchObject({ unseen: "true" });
  });

  it("tells what ends later, such as the update that this version came with", async () => {
    shown = [];
    const told: string[] = [];
    resume(({ update }) => void told.push(update));
    await until(() => looks() > 2);
    shown = [deploymentShown({ update: "u9" })];
    await until(() => acknowledged.length === 1);
    expect(told).toEqual(["u9"]);
  });

  it("a handler that fails: heard, not acknowledged, told again; the others are told meanwhile", async () => {
    const errors: unknown[] = [];
    let tries = 0;
    resume(
      ({ update }) => {
        if (update === "u1" && ++tries < 3) throw new Error("not yet");
      },
      { onError: (error, deployment) => errors.push(`${deployment?.update}: ${(error as Error).message}`) },
    );
    await until(() => acknowledged.length === 2);
    expect(acknowledged).toEqual(["u2", "u1"]);
    expect(errors).toEqual(["u1: not yet", "u1: not yet"]);
  });

  it("an acknowledgement that fails is made again, without telling again", async () => {
    shown = [deploymentShown()];
    let told = 0;
    const well = daemon.answers["POST /v1/code/acknowledge"];
    daemon.answers["POST /v1/code/acknowledge"] = (request, response) => {
      if (well !== undefined) daemon.answers["POST /v1/code/acknowledge"] = well;
      sendProblem(response, 503, { code: "NOT_RUNNING", detail: "not yet" });
      expect(request.body).toEqual({ update: "u1" });
    };
    resume(() => {
      told += 1;
    });
    await until(() => acknowledged.length === 1);
    expect(told).toBe(1);
  });

  it("a version that does not serve is told nothing, until it does", async () => {
    serving = "another";
    const told: string[] = [];
    resume(({ update }) => void told.push(update));
    await until(() => looks() > 3);
    expect([told, acknowledged]).toEqual([[], []]);
    serving = "r";
    await until(() => acknowledged.length === 2);
  });

  it("survives a daemon that goes and comes back at another port", async () => {
    shown = [];
    const told: string[] = [];
    resume(({ update }) => void told.push(update));
    await until(() => looks() > 0);
    await daemon.kill();
    shown = [deploymentShown()];
    await daemon.start();
    daemon.writeDoor();
    await until(() => acknowledged.length === 1);
    expect(told).toEqual(["u1"]);
  });

  it.each([
    ["an older daemon", () => delete daemon.answers["GET /v1/code/deployments"], "not-supported"],
    [
      "no section self",
      () => {
        daemon.answers["GET /v1/code/deployments"] = (_, response) => sendProblem(response, 403, { code: "FORBIDDEN", detail: "no" });
      },
      "FORBIDDEN",
    ],
  ])("%s: said once, and no further look", async (_, arrange, code) => {
    arrange();
    const errors: unknown[] = [];
    resume(() => undefined, { onError: (error) => errors.push(error) });
    await until(() => errors.length > 0);
    // Time for many a look.
    for (let each = 0; each < 20; each += 1) await connect({ door: daemon.door }).why();
    expect(errors).toMatchObject([{ code }]);
    expect(looks()).toBe(1);
  });

  it("stops: the handler at work ends, and the next is not told", async () => {
    const told: string[] = [];
    let go: () => void = () => undefined;
    resume(async ({ update }) => {
      told.push(update);
      await new Promise<void>((resolve) => {
        go = resolve;
      });
    });
    await until(() => told.length === 1);
    const stopping = resumption?.stop();
    go();
    await stopping;
    expect(told).toEqual(["u1"]);
  });
});

describe("an agent that is killed", () => {
  it("between the handler and the acknowledgement: the next one is told again; and nothing of it keeps an agent from ending", async () => {
    shown = [deploymentShown()];
    const well = daemon.answers["POST /v1/code/acknowledge"];
    const first = start();
    const exited = once(first, "exit");
    daemon.answers["POST /v1/code/acknowledge"] = (_, response) => {
      first.kill("SIGKILL");
      response.destroy();
    };
    expect(await readLine(first)).toBe("told u1 committed chat 7");
    await exited;
    if (well !== undefined) daemon.answers["POST /v1/code/acknowledge"] = well;
    const second = start();
    expect(await readLine(second)).toBe("told u1 committed chat 7");
    await until(() => acknowledged.length === 1);
    // It goes on looking; with its standard input its last work is gone, and it ends by itself.
    const ended = once(second, "exit");
    second.stdin?.end();
    expect(await ended).toEqual([0, null]);
  });
});

function start(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL("resuming-agent.testing.ts", import.meta.url))], {
    env: { INSTAR_DOOR: daemon.door, INSTAR_RELEASE: "r", PATH: process.env.PATH },
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

async function readLine({ stdout }: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of stdout ?? []) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.trim();
}
