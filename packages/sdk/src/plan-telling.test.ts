import { describe, expect, it } from "vitest";
import { deploymentShown } from "./fake-daemon.testing.ts";
import { planTelling } from "./plan-telling.ts";

const newestFirst = [
  deploymentShown({ update: "u4", outcome: null }),
  deploymentShown({ update: "u3", outcome: "rolled-back" }),
  deploymentShown({ update: "u2", isAcknowledged: true }),
  deploymentShown({ update: "u1" }),
];
const told = (whose: Parameters<typeof planTelling>[1]) => planTelling(newestFirst, whose).map(({ update }) => update);

describe("who is told of what", () => {
  it("what has ended and was not acknowledged, oldest first", () => expect(told({ own: "r", serving: "r" })).toEqual(["u1", "u3"]));
  it("nothing where another release serves: it would keep it from its successor", () => expect(told({ own: "old", serving: "new" })).toEqual([]));
  it("all where it is not known who serves, or who this is", () => {
    expect(told({ own: "r", serving: null })).toHaveLength(2);
    expect(told({ own: null, serving: "r" })).toHaveLength(2);
  });
});
