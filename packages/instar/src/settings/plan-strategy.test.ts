import { expect, test } from "vitest";
import { parseSettings } from "./parse-settings.ts";
import { planStrategy } from "./plan-strategy.ts";

const settings = (state: string, agent = "", more = "") =>
  parseSettings(`version: 1\nname: ana\nsource: { git: x }\nagent: { start: a${agent} }\nstate: ${state}\n${more}`, "instar.yaml");
const FRONT = "front: { port: 1 }\n";
const LOG = "health: { log: { ready: up } }\n";

const rows: [name: string, settings: ReturnType<typeof settings>, strategy: string, because: RegExp][] = [
  ["an exclusive state is opened by one process", settings("{ directory: data }", "", FRONT), "recreate", /one process/],
  ["a state elsewhere may be shared", settings("{ kind: external }", "", FRONT), "blue-green", /elsewhere/],
  ["no state at all", settings("{ kind: none }", "", FRONT), "blue-green", /no state/],
  ["a fixed port", settings("{ kind: none }", ", port: 5000", FRONT), "recreate", /fixed/],
  ["no port", settings("{ kind: none }", ", port: none", LOG), "recreate", /twice/],
  ["the operator's word", settings("{ kind: none }", "", `${FRONT}exchange: { strategy: recreate }\n`), "recreate", /says so/],
];

test.each(rows)("%s", (_, given, strategy, because) => {
  const plan = planStrategy(given);
  expect(plan.strategy).toBe(strategy);
  expect(plan.because).toMatch(because);
});
