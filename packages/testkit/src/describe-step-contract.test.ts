import { describe, expect, it } from "vitest";
import { type ContractStep, describeStepContract } from "./describe-step-contract.ts";
import { SimulatedWorld } from "./simulated-world.ts";

class Bench extends SimulatedWorld {
  context(attempt: number): { attempt: number } {
    return { attempt };
  }
  override look(): Record<string, "partial" | "present"> {
    return { ...super.look(), ...Object.fromEntries(this.broken.map((words) => [words, "present"])) };
  }
  async close(): Promise<void> {}
}
type Step = ContractStep<{ attempt: number }>;

/** Makes one effect as a step should. */
const good = (world: Bench): Step => ({
  id: "good",
  probe: async () => {
    const found = world.find("effect");
    return found === "present" ? { found, gives: {} } : { found };
  },
  apply: async () => {
    world.make("effect");
    return { kind: "done" };
  },
  undo: async () => world.remove("effect"),
});
const contract = (define: (world: Bench) => Step, runner: Parameters<typeof describeStepContract>[3]) =>
  describeStepContract(
    "under test",
    define,
    async () => {
      const world = new Bench();
      world.make("what was there before");
      return Object.assign(world, { look: () => Promise.resolve(Bench.prototype.look.call(world)) });
    },
    runner,
  );

contract(good, { describe: (name, body) => void describe(name, body), it: (name, body) => void it(name, body) });

/** Runs the contract and gives the names of the cases that fail. */
async function failing(define: (world: Bench) => Step): Promise<string[]> {
  const cases: [string, () => Promise<void>][] = [];
  contract(define, { describe: (_, body) => body(), it: (name, body) => void cases.push([name, body]) });
  const failed: string[] = [];
  for (const [name, body] of cases) await body().catch(() => failed.push(name));
  return failed;
}

describe("the contract refuses a step", () => {
  for (const [name, spoil, cases] of [
    [
      "whose probe never finds what it made",
      (step: Step): Step => ({ ...step, probe: async () => ({ found: "absent" }) }),
      ["applied twice leaves what applied once leaves", "killed anywhere in apply is whole after applying again"],
    ],
    [
      "whose undo does nothing",
      (step: Step): Step => ({ ...step, undo: async () => undefined }),
      [
        "undone after it was applied leaves what was there before, and undone twice too",
        "killed anywhere in apply is gone after undoing",
        "killed anywhere in undo is gone after undoing again",
      ],
    ],
    [
      "that is refused where it should work",
      (step: Step): Step => ({ ...step, apply: async () => ({ kind: "refused" }) }),
      ["applied twice leaves what applied once leaves", "changes nothing by probing"],
    ],
  ] as const)
    it(name, async () => expect(await failing((world) => spoil(good(world)))).toEqual(expect.arrayContaining([...cases])));

  it("whose probe changes the world", async () =>
    expect(
      await failing((world) => ({
        ...good(world),
        probe: async () => {
          world.make("a trace");
          return { found: "absent" };
        },
      })),
    ).toContain("changes nothing by probing"));

  it("whose undo takes away what it never made", async () =>
    expect(await failing((world) => ({ ...good(world), undo: async () => world.remove("what was there before") }))).toContain(
      "undone without having been applied changes nothing",
    ));

  it("that takes half an effect for the whole", async () =>
    expect(
      await failing((world) => ({
        ...good(world),
        probe: async () => (world.find("effect") === "absent" ? { found: "absent" } : { found: "present", gives: {} }),
      })),
    ).toEqual(["killed anywhere in apply is whole after applying again"]));

  it("whose undo leaves what a crash left half made", async () =>
    expect(
      await failing((world) => ({
        ...good(world),
        undo: async () => {
          if (world.find("effect") === "present") world.remove("effect");
        },
      })),
    ).toEqual(["killed anywhere in apply is gone after undoing", "killed anywhere in undo is gone after undoing again"]));
});

describe("the contract leaves alone", () => {
  it("the undoing of a step that has none", async () =>
    expect(await failing((world) => ({ ...good(world), undo: { impossible: "the letter is posted" } }))).toEqual([]));
});
