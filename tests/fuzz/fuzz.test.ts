import { InstarError } from "@instar/protocol";
import { seedRandom } from "@instar/testkit";
import { expect, test } from "vitest";
import { FUZZ_TARGETS } from "./fuzz-targets.ts";
import { mutateBytes } from "./mutate-bytes.ts";

/** A taste of what the job `test:fuzz` does for ten minutes. */
const INPUTS = 500;

test.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))(
  "the parser '%s' takes its seeds, and meets bytes that nobody would send with a refusal at worst",
  (_, { seeds, parse }) => {
    const random = seedRandom(20_261_129);
    for (const seed of seeds) expect(() => refusing(parse, seed)).not.toThrow();
    for (let turn = 0; turn < INPUTS; turn += 1) {
      const bytes = mutateBytes(seeds[turn % seeds.length] ?? Buffer.alloc(0), random);
      expect(() => refusing(parse, bytes), bytes.toString("base64")).not.toThrow();
    }
  },
);

function refusing(parse: (bytes: Buffer) => unknown, bytes: Buffer): void {
  try {
    parse(bytes);
  } catch (error) {
    if (!InstarError.is(error)) throw error;
  }
}
