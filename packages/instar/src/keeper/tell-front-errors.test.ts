import { InstarError } from "@instar/protocol";
import { expect, test } from "vitest";
import { SteppedClock } from "./front/front-bench.testing.ts";
import { createErrorTeller } from "./tell-front-errors.ts";

const broke = (why: string) => new InstarError("UNHEALTHY", "The agent broke off", { cause: new Error(why), facts: { slot: "blue", release: "r1" } });

test("why a request failed is said once, with its slot and release, and then at most every ten seconds with the number in between", () => {
  const clock = new SteppedClock();
  const said: string[] = [];
  const tell = createErrorTeller(clock, (line) => said.push(line));
  for (let count = 0; count < 1_000; count += 1) tell(broke("reset"));
  tell(broke("refused"));
  expect(said).toEqual(["The agent broke off: reset (slot blue, release r1)", "The agent broke off: refused (slot blue, release r1)"]);
  clock.advance(10_000);
  tell(broke("reset"));
  tell(broke("refused"));
  expect(said.slice(2)).toEqual([
    "The agent broke off: reset (slot blue, release r1); 999 more like it before",
    "The agent broke off: refused (slot blue, release r1)",
  ]);
});
