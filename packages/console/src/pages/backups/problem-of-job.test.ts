import { InstarError } from "@instar/protocol";
import { expect, test } from "vitest";
import { problemOfJob } from "./problem-of-job.ts";

test("a job's problem keeps its code and advice, and one of a newer Instar its words", () => {
  expect(problemOfJob({ code: "SNAPSHOT_DAMAGED", detail: "not what was written", advice: "look at the disk" })).toMatchObject({
    code: "SNAPSHOT_DAMAGED",
    advice: "look at the disk",
  });
  const unknown = problemOfJob({ code: "SOMETHING_NEW", detail: "it broke" });
  expect(InstarError.is(unknown)).toBe(false);
  expect(unknown.message).toBe("it broke");
});
