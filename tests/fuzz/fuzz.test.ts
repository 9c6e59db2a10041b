import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { seedRandom } from "@instar/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCorpus } from "./corpus.ts";
import { assertHolds, throwsNothing } from "./fuzz-target.ts";
import { FUZZ_TARGETS } from "./fuzz-targets.ts";
import { mutateBytes } from "./mutate-bytes.ts";
import { tryInput } from "./try-input.ts";

/** A taste of what the job `test:fuzz` does for ten minutes. */
const INPUTS = 200;

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "instar-fuzz-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

test.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))(
  "the parser '%s' takes its seeds, what was found once, and bytes that nobody would send, with a refusal at worst",
  async (name, target) => {
    const scratch = join(place, name);
    mkdirSync(scratch);
    const random = seedRandom(20_261_129);
    const { seeds, tasteInputs = INPUTS } = target;
    const mutated = Array.from({ length: tasteInputs }, (_, turn) => mutateBytes(seeds[turn % seeds.length] ?? Buffer.alloc(0), random));
    for (const bytes of [...seeds, ...readCorpus(name), ...mutated]) {
      mkdirSync(scratch, { recursive: true });
      expect(await tryInput(target, bytes, scratch), bytes.toString("base64")).toBeUndefined();
    }
  },
);

test("each parser has a name of its own", () => expect(new Set(FUZZ_TARGETS.map(({ name }) => name)).size).toBe(FUZZ_TARGETS.length));

describe("a find is", () => {
  const input = Buffer.from("x");
  const findOf = (parse: () => unknown) => tryInput({ name: "x", seeds: [], parse }, input, place);
  const refusal = new InstarError("INPUT_INVALID", "no");
  const fine: readonly (readonly [string, () => unknown])[] = [
    ["no value", () => 1],
    ["no refusal", throwing(refusal)],
    ["no promise of a value", () => Promise.resolve(1)],
    ["no promise that is refused", () => Promise.reject(refusal)],
  ];
  test.each(fine)("%s", async (_, parse) => expect(await findOf(parse)).toBeUndefined());
  const finds: readonly (readonly [string, () => unknown, string])[] = [
    ["what else is thrown", throwing(new TypeError("x is null")), "TypeError: x is null"],
    ["what is thrown and no error", throwing("words"), "words"],
    ["a promise that is broken", () => Promise.reject(new RangeError("too deep")), "RangeError: too deep"],
    ["what never holds", () => assertHolds(false, "it is so"), "BrokenPromise: it is so"],
    ["a refusal where there is to be none", () => throwsNothing("it", throwing(refusal)), "BrokenPromise: it threw InstarError: no"],
  ];
  test.each(finds)("%s", async (_, parse, because) => expect(await findOf(parse)).toBe(because));
});

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}
