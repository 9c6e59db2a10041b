import { defineStep, type Step } from "../step.ts";

/** A release that was built anew from its commit serves again only if it is byte for byte what it was: that is what was judged. */
export function checkRebuiltStep(): Step {
  return defineStep({
    id: "check-rebuilt",
    version: 1,
    title: "Check that what was built anew is what it was",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ start, given }) => {
      const was = start.rebuilds?.digest ?? null;
      if (given.digest === was) return { kind: "done", gives: { rebuilt: `${String(given.release)} is byte for byte what ${start.rebuilds?.release} was` } };
      return {
        kind: "refused",
        code: "RELEASE_DAMAGED",
        because: `${start.versionTo} was built anew and is not what it was (${String(given.digest).slice(0, 19)}…, ${
          was === null ? "no digest of it is known" : `the ledger has ${was.slice(0, 19)}…`
        }): nobody has judged this one. \`instar update apply ${start.commit.slice(0, 10)}\` takes it as a new version, with every check`,
      };
    },
    undo: { needless: "it only reads" },
    describe: (gives) => String(gives.rebuilt),
  });
}
