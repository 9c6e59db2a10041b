import { describe, expect, it } from "vitest";
import { type DoorFacts, planDoorRole } from "./plan-door-role.ts";

const HIDDEN: DoorFacts = { level: "sandboxed", openSlots: [], openJobs: [] };

describe("whoever reads the door's token", () => {
  it("may administer where nothing of the agent's can read it", () => expect(planDoorRole(HIDDEN)).toMatchObject({ role: "admin" }));
  it.each<[string, Partial<DoorFacts>, RegExp]>([
    ["the agent runs as the same user", { level: "open", openSlots: null }, /same user/],
    ["a version was started before the sandbox was turned on", { openSlots: ["blue"] }, /slot blue was started outside/],
    ["the keeper does not answer", { openSlots: null }, /keeper does not say/],
    ["tests may run without a sandbox", { openJobs: ["test"] }, /jobs \(test\)/],
  ])("only operates where %s", (_, facts, because) => {
    const planned = planDoorRole({ ...HIDDEN, ...facts });
    expect(planned).toMatchObject({ role: "operator", because: expect.stringMatching(because) });
    expect(planned.because).toContain("neither approves nor administers");
  });
});
