import { describe, expect, test } from "vitest";
import type { FrontCase, Mode } from "./cases/front-case.testing.ts";
import {
  playAfterSwitch,
  playAtRest,
  playBeforeHold,
  playBeforeSwitch,
  playBesideTrial,
  playInHold,
  playThereAndBack,
  playWithHalfOfItsHeadBeforeTheSwitch,
} from "./cases/play-case.testing.ts";
import { FRONT_CASES } from "./front-cases.testing.ts";

/** Every case that clients meet, at rest and through every kind of exchange. */
describe.each(FRONT_CASES.map((theCase) => [theCase.name, theCase] as const))("%s", (_, theCase) => {
  for (const { name, play } of testsOf(theCase)) test(name, play);
});

test("every case has its own name, is played at rest, before a switch and after it, or says why not", () => {
  expect(new Set(FRONT_CASES.map(({ name }) => name)).size).toBe(FRONT_CASES.length);
  for (const theCase of FRONT_CASES) {
    const modes = new Set(testsOf(theCase).map(({ mode }) => mode));
    const isExcused = (mode: Mode) => (theCase.leftOut?.[mode] ?? "").length > 10;
    expect(modes, theCase.name).toContain("at rest");
    expect(modes.has("after the switch") || isExcused("after the switch"), theCase.name).toBe(true);
    expect(modes.has("before the switch") || isExcused("before the switch") || (theCase.neverUnderWay ?? "").length > 10, theCase.name).toBe(true);
    expect(theCase.moments.length > 0, theCase.name).toBe(theCase.neverUnderWay === undefined);
  }
});

interface CaseTest {
  readonly name: string;
  readonly mode: Mode | "at rest";
  play(): Promise<void>;
}

function testsOf(theCase: FrontCase): CaseTest[] {
  const all: CaseTest[] = [
    { name: "at rest", mode: "at rest", play: () => playAtRest(theCase) },
    { name: "on green after the switch, on a connection from before it", mode: "after the switch", play: () => playAfterSwitch(theCase) },
    { name: "half of its head sent before the switch", mode: "half of its head", play: () => playWithHalfOfItsHeadBeforeTheSwitch(theCase) },
    { name: "arriving while requests are held, then released to green", mode: "in the hold", play: () => playInHold(theCase, "green") },
    { name: "arriving while requests are held, then released back to blue", mode: "in the hold", play: () => playInHold(theCase, "blue") },
    ...theCase.moments.flatMap((moment): CaseTest[] => [
      { name: `begun on blue before a switch to green, when ${moment}`, mode: "before the switch", play: () => playBeforeSwitch(theCase, moment) },
      {
        name: `begun on blue before a switch to green and back to blue, when ${moment}`,
        mode: "there and back",
        play: () => playThereAndBack(theCase, moment),
      },
      {
        name: `begun on blue before a trial of green that is taken back, when ${moment}`,
        mode: "beside a trial",
        play: () => playBesideTrial(theCase, moment),
      },
      {
        name: `begun on blue before a hold that is released to green, when ${moment}`,
        mode: "before the hold",
        play: () => playBeforeHold(theCase, moment, "green"),
      },
      {
        name: `begun on blue before a hold that is released back to blue, when ${moment}`,
        mode: "before the hold",
        play: () => playBeforeHold(theCase, moment, "blue"),
      },
    ]),
  ];
  return all.filter(({ mode }) => mode === "at rest" || theCase.leftOut?.[mode] === undefined);
}
