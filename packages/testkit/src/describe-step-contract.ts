import assert from "node:assert/strict";
import { type CrashPoints, SimulatedCrash } from "./crash-points.ts";

/** The part of a step that the contract is about. `undo` may be a reason instead, and is then left alone. */
export interface ContractStep<Context> {
  readonly id: string;
  readonly probe: (context: Context) => Promise<{ readonly found: string; readonly gives?: unknown }>;
  readonly apply: (context: Context) => Promise<{ readonly kind: string }>;
  readonly undo: ((context: Context) => Promise<unknown>) | object;
}

/** Where a step is tried: a world just before it, of its own for every case. */
export interface ContractWorld<Context> {
  /** What the step is called with. Called for each beginning, so that attempts differ as they do in service. */
  context(attempt: number): Context;
  /** All that the step may change, as plain data: equal looks mean equal worlds. Leave out what may differ, such as times. */
  look(): Promise<unknown>;
  /** Where the step's writes can be cut. Without it the cases that crash are left out. */
  readonly crashes?: CrashPoints;
  close(): Promise<void>;
}

/** Vitest's, or node:test's. */
export interface ContractRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}

/**
 * The obligations of a step, as test cases: apply twice is once, a probe changes nothing and finds what was applied, undo leaves
 * what was there before, undo twice is once, undo without apply changes nothing, and a crash anywhere inside is
 * repaired by running it again or by undoing it.
 */
export function describeStepContract<World extends ContractWorld<Context>, Context>(
  name: string,
  define: (world: World) => ContractStep<Context>,
  open: () => Promise<World>,
  { describe, it }: ContractRunner,
): void {
  const inWorld = (act: (world: World, step: ContractStep<Context>) => Promise<void>) => async () => {
    const world = await open();
    try {
      await act(world, define(world));
    } finally {
      await world.close();
    }
  };

  describe(`the step ${name}`, () => {
    it(
      "applied twice leaves what applied once leaves",
      inWorld(async (world, step) => {
        await applyAsTheEngineDoes(step, world, 1);
        const once = await world.look();
        await applyAsTheEngineDoes(step, world, 2);
        assert.deepEqual(await world.look(), once);
      }),
    );

    it(
      "changes nothing by probing",
      inWorld(async (world, step) => {
        const before = await world.look();
        await step.probe(world.context(1));
        assert.deepEqual(await world.look(), before);
        await applyAsTheEngineDoes(step, world, 1);
        const after = await world.look();
        await step.probe(world.context(2));
        assert.deepEqual(await world.look(), after);
      }),
    );

    it(
      "undone after it was applied leaves what was there before, and undone twice too",
      inWorld(async (world, step) => {
        const undo = undoOf(step);
        if (undo === undefined) return;
        const before = await world.look();
        await applyAsTheEngineDoes(step, world, 1);
        await undo(world.context(1));
        assert.deepEqual(await world.look(), before);
        await undo(world.context(1));
        assert.deepEqual(await world.look(), before);
      }),
    );

    it(
      "undone without having been applied changes nothing",
      inWorld(async (world, step) => {
        const before = await world.look();
        await undoOf(step)?.(world.context(1));
        assert.deepEqual(await world.look(), before);
      }),
    );

    it("killed anywhere in apply is whole after applying again", () =>
      eachCrash(open, define, async (world, step, number) => {
        const wanted = await applied(open, define);
        const hit = await killAt(world, number, () => applyAsTheEngineDoes(step, world, 1));
        if (hit) await applyAsTheEngineDoes(step, world, 2);
        assert.deepEqual(await world.look(), wanted, `killed at write ${number}`);
        return hit;
      }));

    it("killed anywhere in apply is gone after undoing", () =>
      eachCrash(open, define, async (world, step, number) => {
        const undo = undoOf(step);
        if (undo === undefined) return false;
        const before = await world.look();
        const hit = await killAt(world, number, () => applyAsTheEngineDoes(step, world, 1));
        await undo(world.context(1));
        assert.deepEqual(await world.look(), before, `killed at write ${number}`);
        return hit;
      }));

    it("killed anywhere in undo is gone after undoing again", () =>
      eachCrash(open, define, async (world, step, number) => {
        const undo = undoOf(step);
        if (undo === undefined) return false;
        const before = await world.look();
        await applyAsTheEngineDoes(step, world, 1);
        const hit = await killAt(world, number, () => undo(world.context(1)));
        if (hit) await undo(world.context(1));
        assert.deepEqual(await world.look(), before, `killed at write ${number}`);
        return hit;
      }));
  });
}

/** Asks the world first, then acts; and what was applied is found. */
async function applyAsTheEngineDoes<Context>(step: ContractStep<Context>, world: ContractWorld<Context>, attempt: number): Promise<void> {
  const context = world.context(attempt);
  if ((await step.probe(context)).found === "present") return;
  const result = await step.apply(context);
  assert.equal(result.kind, "done", `${step.id} did not apply in a world where it should`);
}

function undoOf<Context>(step: ContractStep<Context>): ((context: Context) => Promise<unknown>) | undefined {
  return typeof step.undo === "function" ? (step.undo as (context: Context) => Promise<unknown>) : undefined;
}

async function applied<World extends ContractWorld<Context>, Context>(
  open: () => Promise<World>,
  define: (world: World) => ContractStep<Context>,
): Promise<unknown> {
  const world = await open();
  try {
    await applyAsTheEngineDoes(define(world), world, 1);
    return await world.look();
  } finally {
    await world.close();
  }
}

/** A new world for each write that can be the last one, until a run has no further write. */
async function eachCrash<World extends ContractWorld<Context>, Context>(
  open: () => Promise<World>,
  define: (world: World) => ContractStep<Context>,
  act: (world: World, step: ContractStep<Context>, number: number) => Promise<boolean>,
): Promise<void> {
  for (let number = 0, hit = true; hit; number += 1) {
    const world = await open();
    try {
      hit = world.crashes !== undefined && (await act(world, define(world), number));
    } finally {
      await world.close();
    }
  }
}

/** True where the work came to that write and was killed there. Any other failure is the test's. */
async function killAt<Context>({ crashes }: ContractWorld<Context>, number: number, work: () => Promise<unknown>): Promise<boolean> {
  crashes?.plan(number);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SimulatedCrash) && crashes?.isDead !== true) throw error;
  }
  const wasKilled = crashes?.isDead === true;
  crashes?.restart();
  return wasKilled;
}
