import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

describe("a version that a newer one takes the window from", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "watch: { time: 3s, requests: 0 }" });
    await instance.start();
  });
  afterAll(() => instance.end());

  it("is watched again when the newer one is refused, and committed in its own right", async () => {
    instance.publish("1.0.1");
    await until("1.0.1 is watched", () => (instance.updates()[0]?.versionTo === "1.0.1" && instance.updates()[0]?.state === "verifying" ? true : undefined));
    instance.publish("1.0.2", { "test/answer.test.js": (text) => text.replace("/^hello/", "/^bonjour/") });
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    const again = await until("1.0.1 is watched again to the end", () =>
      instance.updates().find((update) => update.versionTo === "1.0.1" && update.outcome === "committed"),
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
});
