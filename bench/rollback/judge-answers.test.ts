import { expect, it } from "vitest";
import { judgeAnswers } from "./judge-answers.ts";

const answers = (...told: string[]) =>
  told.map((text, index) => {
    const [version, status] = text.split(":");
    return { atMs: index * 10, status: Number(status ?? 200), version: version === "none" ? undefined : version };
  });

it("counts from the first bad answer until the old version is back for good", () => {
  expect(judgeAnswers(answers("1", "2", "2:500", "2", "2:500", "none:0", "1", "1"), "1")).toEqual({ ms: 40, failed: 3, failedAfter: 0 });
});
it("takes an old answer in between for no way back", () => {
  expect(judgeAnswers(answers("1", "2:500", "1", "2:500", "1"), "1")).toEqual({ ms: 30, failed: 2, failedAfter: 0 });
});
it("says what still failed afterwards", () => expect(judgeAnswers(answers("2:500", "1", "1:503", "1"), "1")?.failedAfter).toBe(1));
it("measured nothing where nothing was bad, or nothing came back", () => {
  expect(judgeAnswers(answers("1", "2", "1"), "1")).toBeUndefined();
  expect(judgeAnswers(answers("1", "2:500", "2:500"), "1")).toBeUndefined();
});
