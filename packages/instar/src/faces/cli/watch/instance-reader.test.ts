import { InstarError, type Operation } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { InstanceReader } from "./instance-reader.ts";
import { FIRST_UPDATE, sampleApproval, sampleStatus, sampleSteps, sampleUpdate } from "./sample-reading.testing.ts";

const answers: Record<string, unknown> = {
  status: sampleStatus({ waiting: "first\nsecond \u001b[31mred" }),
  "update.list": { updates: [sampleUpdate(), FIRST_UPDATE] },
  "approval.list": { approvals: [] },
};
/** A daemon whose jobs have written this, in answers of so many bytes. */
const daemonWith =
  (output: string, most = 1_000) =>
  async ({ name }: Operation, input: Readonly<Record<string, unknown>>) => {
    if (name === "update.show") return input.update === "s48ckv3k" ? FIRST_UPDATE : sampleUpdate();
    if (name !== "update.output") return answers[name];
    const text = output.slice(Number(input.from), Number(input.from) + most);
    return { text, next: Number(input.from) + text.length, isAll: Number(input.from) + text.length >= output.length };
  };
const away = async () => Promise.reject(new InstarError("NOT_RUNNING", "no daemon runs"));
const { signal } = new AbortController();

describe("looking at an instance", () => {
  it("gives only what is safe to show, each text on one line", async () => {
    const heard = await new InstanceReader({ askDaemon: daemonWith(""), askDisk: away, signal }).look(null);
    expect(heard).toMatchObject({ kind: "reading", reading: { status: { waiting: "first second \\u001b[31mred" }, update: { id: "my6va2jy" } } });
  });

  it("reads a log on from where it was, without colours and control characters", async () => {
    let written = "\u001b[32mok\u001b[0m\tone\r\n";
    const reader = new InstanceReader({ askDaemon: (operation, input) => daemonWith(written)(operation, input), askDisk: away, signal });
    expect(await reader.look(null)).toMatchObject({ log: { lines: ["ok  one"] } });
    written += "two\u202e\n";
    expect(await reader.look(null)).toMatchObject({ log: { from: written.length, total: 2, lines: ["ok  one", "two\\u202e"] } });
  });

  it("reads a long log in as many answers as it takes", async () => {
    const reader = new InstanceReader({ askDaemon: daemonWith("one\ntwo\nsix\n", 4), askDisk: away, signal });
    expect(await reader.look(null)).toMatchObject({ log: { lines: ["one", "two", "six"] } });
  });

  it("begins another log where another update is chosen", async () => {
    const reader = new InstanceReader({ askDaemon: daemonWith("one\ntwo\n"), askDisk: away, signal });
    await reader.look(null);
    expect(await reader.look("s48ckv3k")).toMatchObject({ log: { update: "s48ckv3k", total: 2, lines: ["one", "two"] } });
  });

  it("asks the disk where no daemon was ever heard, and is silent where one went away", async () => {
    let ask: typeof away | ReturnType<typeof daemonWith> = away;
    const reader = new InstanceReader({ askDaemon: (operation, input) => ask(operation, input), askDisk: daemonWith(""), signal });
    expect(await reader.look(null)).toMatchObject({ kind: "disk", because: "no daemon runs", reading: { status: { instance: "tested" } } });
    ask = daemonWith("");
    expect(await reader.look(null)).toMatchObject({ kind: "reading" });
    ask = away;
    expect(await reader.look(null)).toEqual({ kind: "silence", because: "no daemon runs" });
  });

  it("asks for the lists where the newest update says that they changed, and for approvals as long as one is waited for", async () => {
    const asked: string[] = [];
    let status = sampleStatus();
    const reader = new InstanceReader({
      askDaemon: async (operation, input) => {
        asked.push(operation.name);
        return operation.name === "status" ? status : daemonWith("")(operation, input);
      },
      askDisk: away,
      signal,
    });
    const lists = async () => {
      asked.length = 0;
      const heard = await reader.look(null);
      return { heard, lists: asked.filter((name) => name.endsWith(".list")) };
    };
    expect((await lists()).lists).toEqual(["update.list", "approval.list"]);
    status = sampleStatus({ update: sampleUpdate({ because: "it went on" }) });
    const next = await lists();
    expect(next.lists).toEqual([]);
    expect(next.heard).toMatchObject({ reading: { updates: [{ id: "my6va2jy", because: "it went on" }, { id: "s48ckv3k" }] } });
    status = sampleStatus({ state: "approving" });
    expect((await lists()).lists).toEqual(["update.list", "approval.list"]);
    expect((await lists()).lists).toEqual(["approval.list"]);
    status = sampleStatus({ state: "idle", update: sampleUpdate({ outcome: "committed" }) });
    expect((await lists()).lists).toEqual(["update.list", "approval.list"]);
  });

  it("shows a question only with the decision that it hangs on, though the two are asked for one after the other", async () => {
    let status = sampleStatus({ state: "approving", update: sampleUpdate({ steps: sampleSteps("decide") }) });
    const reader = new InstanceReader({
      askDaemon: async (operation, input) => {
        if (operation.name === "status") return status;
        return operation.name === "approval.list" ? { approvals: [sampleApproval()] } : daemonWith("")(operation, input);
      },
      askDisk: away,
      signal,
    });
    expect(await reader.look(null)).toMatchObject({ reading: { approvals: [] } });
    status = sampleStatus({ state: "approving", update: sampleUpdate({ steps: sampleSteps("approve", "waiting") }) });
    expect(await reader.look(null)).toMatchObject({ reading: { approvals: [{ state: "waiting" }] } });
  });

  it("does not hide what no later look would mend", async () => {
    for (const code of ["NOT_FOUND", "UNAUTHORIZED", "FORBIDDEN"] as const) {
      const refuse = async () => Promise.reject(new InstarError(code, "no"));
      await expect(new InstanceReader({ askDaemon: refuse, askDisk: away, signal }).look(null)).rejects.toMatchObject({ code });
    }
  });
});
