import { OPERATIONS } from "@instar/protocol";
import { expect, test } from "vitest";
import { findTaskMistake, planTask } from "./plan-task.ts";

const values = {
  name: "night",
  type: "check-for-updates",
  when: "0 3 * * *",
  timeZone: "UTC",
  missed: "skip",
  url: "https://elsewhere.invalid",
  source: "git",
};

test("only what that kind of task has is asked for, and the daemon's table takes it", () => {
  const planned = planTask(values);
  expect(planned).toEqual({ name: "night", type: "check-for-updates", cron: "0 3 * * *", timeZone: "UTC", missed: "skip", source: "git" });
  const { input } = OPERATIONS.find(({ name }) => name === "task.add") ?? {};
  expect(input?.safeParse(planned).success).toBe(true);
});

test("a time between runs and a cron expression are told apart", () => {
  expect(planTask({ ...values, when: " 6h " })).toMatchObject({ every: "6h" });
  expect(planTask({ ...values, when: "6h" })).not.toHaveProperty("cron");
  expect(planTask({ ...values, when: "@daily" })).toMatchObject({ cron: "@daily" });
});

test("what cannot be a task is said before it is asked", () => {
  expect(findTaskMistake(values)).toBeNull();
  expect(findTaskMistake({ ...values, name: "At Night" })).toContain("The name");
  expect(findTaskMistake({ ...values, when: "soon" })).toContain("When");
  expect(findTaskMistake({ ...values, when: "* * * *" })).toContain("When");
});
