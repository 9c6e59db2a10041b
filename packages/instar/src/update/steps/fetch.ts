import { InstarError } from "@instar/protocol";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";

/** Brings the commit into the mirror and pins it there. The mirror is a cache of what upstream has, so there is nothing to undo. */
export function fetchStep({ source, settings }: StepRooms): Step {
  const read = async (commit: string, previous: string | undefined) => {
    const facts = await source.readCommit(commit, { directory: settings.agent.directory, since: previous });
    return { commit: facts.commit, version: facts.version, author: facts.author, committedAt: facts.at, subject: facts.subject };
  };
  return defineStep({
    id: "fetch",
    version: 1,
    title: "Fetch the commit",
    interruptible: true,
    probe: async ({ start }) => {
      try {
        return { found: "present", gives: await read(start.commit, undefined) };
      } catch (error) {
        if (InstarError.is(error, "NOT_FOUND")) return { found: "absent" };
        throw error;
      }
    },
    apply: async ({ start, signal }) => {
      await source.fetch(start.commit, signal, start.ref);
      return { kind: "done", gives: await read(start.commit, undefined) };
    },
    undo: { needless: "the mirror is a cache of what upstream has" },
    describe: (gives) => `${String(gives.version)} is ${String(gives.commit).slice(0, 10)} by ${String(gives.author)}: ${String(gives.subject)}`,
  });
}
