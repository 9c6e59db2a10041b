import { existsSync } from "node:fs";
import { join } from "node:path";
import type { UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

const WATCH = "watch: { time: 6s, requests: 0 }";
const LOSES = "state: { kind: exclusive, directory: ./state, variable: STATE_DIR, writesThatMayBeLost: 100 }";
const KNOWS_NO_FORMAT = 'import { existsSync } from "node:fs";\nif (existsSync(`${process.env.STATE_DIR}/format`)) process.exit(3);\n';
const NEW_FORMAT = 'import { writeFileSync } from "node:fs";\nwriteFileSync(`${process.env.STATE_DIR}/format`, "2");\n';
const BREAKS_OFF = '\nserver.prependListener("request", (request) => request.url === "/broken" && request.socket.destroy());\n';

/** Asked over HTTP: a command line takes longer to start on a slow machine than a short watch lasts. */
const watched = (instance: TestInstance, version: string) =>
  until(`${version} is watched`, async () => {
    const { updates } = await instance.ask<{ updates: UpdateView[] }>("GET", "/v1/update/list");
    return updates[0]?.versionTo === version && updates[0].state === "verifying" ? true : undefined;
  });

describe("a version that a newer one takes the window from", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({
      settings: `${WATCH}\n${LOSES}`,
    });
    await instance.start();
  });
  afterAll(() => instance.end());

  it("is watched again when the newer one is refused, and committed in its own right", async () => {
    instance.publish("1.0.1");
    await watched(instance, "1.0.1");
    instance.publish("1.0.2", { "test/answer.test.js": (text) => text.replace("/^hello/", "/^bonjour/") });
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    const again = await until("1.0.1 is watched again to the end", async () =>
      (await instance.updatesNow()).find((update) => update.versionTo === "1.0.1" && update.outcome === "committed"),
    );
    expect(again.steps.map(({ id }) => id)).toEqual(["check-release", "switch", "confirm", "watch", "commit"]);
    expect(instance.updates().map(({ versionTo, outcome }) => `${versionTo} ${outcome}`)).toEqual([
      "1.0.1 committed",
      "1.0.2 refused",
      "1.0.1 superseded",
      "1.0.0 committed",
    ]);
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
  });

  it("goes back with the state of before it, when it misbehaves while it is watched again", async () => {
    instance.publish("1.0.3", { "server.js": (text) => KNOWS_NO_FORMAT + text, "test/answer.test.js": (text) => text.replace("/^bonjour/", "/^hello/") });
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed" });
    const number = await instance.write("of before");
    // From here on nothing is confirmed while the test looks elsewhere, however slow the machine is.
    instance.writeSettings(`watch: { time: 10m, requests: 0 }\n${LOSES}`);
    for (const command of ["down", "up"]) expect(instance.cli(command).status).toBe(0);
    instance.publish("1.0.4", { "server.js": (text) => NEW_FORMAT + text.replace(KNOWS_NO_FORMAT, "") + BREAKS_OFF });
    await watched(instance, "1.0.4");
    expect(existsSync(join(instance.agent, "state/format"))).toBe(true);
    instance.publish("1.0.5", { "test/answer.test.js": (text) => text.replace("/^hello/", "/^bonjour/") });
    expect(await instance.ended("1.0.5")).toMatchObject({ outcome: "refused" });
    await watched(instance, "1.0.4");
    await Promise.all(Array.from({ length: 40 }, () => fetch(`http://127.0.0.1:${instance.port}/broken`).catch(() => undefined)));
    await until("it went back", async () => ((await instance.updatesNow())[0]?.outcome === "rolled-back" ? true : undefined));
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.3" });
    expect(existsSync(join(instance.agent, "state/format"))).toBe(false);
    expect(await instance.write("after")).toBe(number + 1);
  });
});
