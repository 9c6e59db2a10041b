// Everything that goes wrong in service and goes back, on one real instance: the order matters, and each story leaves what the next begins with.
import { createHmac } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { IncidentView, OutputOf, RollbackPlan, UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

interface Told {
  readonly occasion: string;
  readonly update: string | null;
  readonly summary: string;
  readonly id: string;
}

/** Listens to what Instar tells by webhook. */
async function listen(): Promise<{ heard: { told: Told; isSigned: boolean }[]; url: string; server: Server }> {
  const heard: { told: Told; isSigned: boolean }[] = [];
  const server = createServer((asked, response) => {
    let body = "";
    asked.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    asked.on("end", () => {
      const signature = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
      heard.push({ told: JSON.parse(body) as Told, isSigned: asked.headers["x-instar-signature"] === signature });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

/** It crashes a moment after it began to serve, and never serves again: started anew it ends at once. */
const crash = (version: string) => ({
  "crash.js": `import { existsSync, writeFileSync } from "node:fs";
const mark = process.env.STATE_DIR + "/crashed-${version}";
export function crashSoon() {
  if (existsSync(mark)) process.exit(7);
  setTimeout(() => (writeFileSync(mark, ""), process.exit(7)), 400);
}
`,
  "server.js": (text: string) =>
    text.includes("crashSoon") ? text : `import { crashSoon } from "./crash.js";\n${text.replace("server.listen(", "crashSoon();\nserver.listen(")}`,
});
const mended = { "crash.js": "export function crashSoon() {}\n" };

describe("what goes wrong in service and goes back:", () => {
  let instance: TestInstance;
  let hook: Awaited<ReturnType<typeof listen>>;
  const toldFile = () => join(instance.folder, "told");
  beforeAll(async () => {
    hook = await listen();
    instance = await TestInstance.create();
    appendFileSync(join(instance.agent, ".env"), "HOOK_SECRET=s3cret\n");
    instance.writeSettings(
      [
        `agent: ${JSON.stringify({ start: ["node", "server.js"], path: (process.env.INSTAR_OPERATOR_PATH ?? process.env.PATH ?? "").split(":").filter((each) => each !== "" && !each.includes("node_modules")), environmentFile: ".env", stopWithin: "500ms" })}`,
        `notify: ${JSON.stringify({
          ways: [
            { webhook: hook.url, secretVariable: "HOOK_SECRET" },
            { run: `printf '%s\\n' "$INSTAR_SUMMARY" >> ${toldFile()}`, on: ["rolled-back"] },
          ],
        })}`,
        "watch: { time: 1500ms, requests: 0 }",
        "backup: { config: [config] }",
      ].join("\n"),
    );
    await instance.start();
  });
  afterAll(async () => {
    instance.end();
    await new Promise((resolve) => hook.server.close(resolve));
  });
  const ended = (version: string) => instance.ended(version);
  const heardOf = (update: UpdateView) => hook.heard.filter(({ told }) => told.update === update.id && told.occasion === "rolled-back");

  it("a candidate that crashes is put back, once on the record, told by webhook and by command, and an incident", async () => {
    instance.publish("1.0.1", crash("1.0.1"));
    const update = await ended("1.0.1");
    expect(update).toMatchObject({ outcome: "rolled-back" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
    await until("the webhook is told", () => (heardOf(update).length > 0 ? true : undefined));
    expect(heardOf(update)).toEqual([{ told: expect.objectContaining({ occasion: "rolled-back", update: update.id }), isSigned: true }]);
    await until("the command was run", () => (existsSync(toldFile()) ? true : undefined));
    expect(readFileSync(toldFile(), "utf8")).toContain("the update to 1.0.1 ended rolled-back");
    const { incidents } = instance.json<{ incidents: IncidentView[] }>("incident", "list");
    expect(incidents).toMatchObject([{ id: update.id, outcome: "rolled-back", cause: null }]);
    expect(instance.cli("incident", "note", update.id, "it exits after 400 ms").status).toBe(0);
  });

  it("two failing versions in a row: the second goes back to what was committed, and was told that a like change failed before", async () => {
    instance.publish("1.0.2", crash("1.0.2"));
    const update = await ended("1.0.2");
    expect(update).toMatchObject({ outcome: "rolled-back" });
    expect(update.steps.find(({ id }) => id === "decide")?.because).toContain("cause: it exits after 400 ms");
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" });
  });

  it("the breaker opens with the third: nothing begins by itself until a person resumes", async () => {
    instance.publish("1.0.3", crash("1.0.3"));
    expect(await ended("1.0.3")).toMatchObject({ outcome: "rolled-back" });
    instance.publish("1.0.4", mended);
    await until("it holds", async () => ((await instance.statusNow())?.available?.decision === "hold" ? true : undefined));
    expect(instance.status().available?.because).toContain("the last 3 updates that were exchanged had to go back (1.0.1, 1.0.2, 1.0.3)");
    await until("people are told", () => (hook.heard.some(({ told }) => told.occasion === "breaker") ? true : undefined));
    expect(instance.json<OutputOf<"update.resume">>("update", "resume")).toMatchObject({ wasOpen: true });
    expect(await ended("1.0.4")).toMatchObject({ outcome: "committed" });
    expect(instance.json<OutputOf<"update.resume">>("update", "resume")).toMatchObject({ wasOpen: false });
  });

  it("an agent that ignores SIGTERM is killed in time, on the way there and on the way back", async () => {
    instance.publish("1.0.5", { "server.js": (text) => text.replace('process.on("SIGTERM", () => {', 'process.on("SIGTERM", () => {\n  return;') });
    expect(await ended("1.0.5")).toMatchObject({ outcome: "committed" });
    expect(instance.json<UpdateView>("rollback")).toMatchObject({ outcome: "committed", versionTo: "1.0.4" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.4" });
  });

  it("a target that is itself unhealthy: what runs comes back, and nothing is quarantined for it", async () => {
    const picky = "if (existsSync(`${process.env.STATE_DIR}/poison`)) process.exit(9);\n";
    instance.publish("1.0.6", {
      "server.js": (text) => `import { existsSync } from "node:fs";\n${text.replace("  return;\n", "").replace("const journal", `${picky}const journal`)}`,
    });
    expect(await ended("1.0.6")).toMatchObject({ outcome: "committed" });
    instance.publish("1.0.7", { "server.js": (text) => text.replace(picky, "") });
    expect(await ended("1.0.7")).toMatchObject({ outcome: "committed" });
    writeFileSync(join(instance.agent, "state", "poison"), "");
    expect(instance.json<UpdateView>("rollback")).toMatchObject({ outcome: "rolled-back", versionTo: "1.0.6", code: "UNHEALTHY" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.7" });
    const { releases } = instance.json<OutputOf<"history">>("history");
    expect(releases.filter(({ version }) => version === "1.0.6" || version === "1.0.7").map(({ quarantined }) => quarantined)).toEqual([null, null]);
    rmSync(join(instance.agent, "state", "poison"));
    expect(instance.json<UpdateView>("rollback")).toMatchObject({ outcome: "committed", versionTo: "1.0.6" });
    expect(instance.json<UpdateView>("rollback", "1.0.7", "--quarantined")).toMatchObject({ outcome: "committed" });
  });

  it("a rollback by hand puts the state of a checkpoint back with its code, and keeps today's aside", async () => {
    const update = instance.updates().find(({ versionTo, outcome }) => versionTo === "1.0.7" && outcome === "committed");
    const then = await instance.write("before");
    instance.publish("1.0.8", {});
    expect(await instance.ended("1.0.8")).toMatchObject({ outcome: "committed" });
    const eighth = instance.updates().find(({ versionTo }) => versionTo === "1.0.8");
    const lost = await instance.write("after");
    expect(lost).toBe(then + 1);
    const plan = instance.json<RollbackPlan>("rollback", "--checkpoint", eighth?.id ?? "", "--dry-run");
    expect(plan).toMatchObject({ target: { version: "1.0.7" }, verdict: "pass", lost: { writes: 1, isKnown: true, keptAside: true } });
    expect(plan.lost.files.total).toBeGreaterThan(0);
    expect(plan.parts.map(({ what, strategy }) => `${what}: ${strategy}`)).toEqual(["code: git reset", "state: backup restore"]);
    expect(instance.json<UpdateView>("rollback", "--checkpoint", eighth?.id ?? "")).toMatchObject({ outcome: "committed", versionTo: "1.0.7" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.7" });
    // The one that was acknowledged before is there, the one after is not: the next gets its number.
    expect(await instance.write("again")).toBe(lost);
    expect(update?.outcome).toBe("committed");
  });

  it("what ran at a time is gone back to by that time", async () => {
    const seventh = instance.updates().findLast(({ versionTo, outcome }) => versionTo === "1.0.6" && outcome === "committed");
    const plan = instance.json<RollbackPlan>("rollback", "--at", seventh?.endedAt ?? "", "--dry-run");
    expect(plan.target.version).toBe("1.0.6");
    expect(instance.cli("rollback", "--at", "yesterday", "--dry-run")).toMatchObject({ status: 2, stderr: expect.stringContaining("INPUT_INVALID") });
    expect(instance.cli("rollback", "--at", "2020-01-01T00:00:00Z", "--dry-run")).toMatchObject({ status: 2, stderr: expect.stringContaining("NOT_FOUND") });
  });

  it("a moment has its configuration too: what was edited later goes back with the code, unless a person has changed it since", async () => {
    const file = join(instance.agent, "config", "level.json");
    const edit = join(instance.folder, "edit.yaml");
    const momentAt = new Date().toISOString();
    const version = instance.status().agent.version ?? "";
    mkdirSync(join(instance.agent, "config"));
    writeFileSync(file, '{ "level": 1 }\n');
    for (const level of [2, 3]) {
      writeFileSync(edit, `because: level ${level}\nedits: [{ set: config/level.json, values: { /level: ${level} } }]\n`);
      expect(instance.json<UpdateView>("edit", "apply", edit)).toMatchObject({ outcome: "committed" });
    }
    instance.publish("1.0.9", {});
    expect(await ended("1.0.9")).toMatchObject({ outcome: "committed" });
    const plan = instance.json<RollbackPlan>("rollback", "--at", momentAt, "--dry-run");
    expect(plan.parts.map(({ what, strategy }) => `${what}: ${strategy}`)).toEqual([
      "code: git reset",
      "configuration: incremental undo",
      "configuration: incremental undo",
    ]);
    writeFileSync(file, '{ "level": 4, "by": "hand" }\n');
    expect(instance.cli("rollback", "--at", momentAt)).toMatchObject({ status: 7, stderr: expect.stringContaining("level.json") });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.9" });
    writeFileSync(file, '{ "level": 3 }\n');
    expect(instance.json<UpdateView>("rollback", "--at", momentAt)).toMatchObject({ outcome: "committed", versionTo: version });
    expect(readFileSync(file, "utf8")).toBe('{ "level": 1 }\n');
    expect(await instance.served()).toEqual({ status: 200, version });
  });

  it("all of it is on a ledger that verifies, each update with one end", () => {
    expect(instance.cli("audit", "verify").status).toBe(0);
    const updates = instance.updates();
    expect(updates.every(({ outcome }) => outcome !== null)).toBe(true);
    const lines = instance.json<OutputOf<"audit.list">>("audit", "list", "--limit", "1000").entries;
    for (const { id } of updates) expect(lines.filter(({ event, update }) => update === id && /^UPDATE_(COMPLETED|FAILED)$/.test(event))).toHaveLength(1);
    rmSync(toldFile(), { force: true });
  });
});
