import type { Edits } from "../../edits/edits.ts";
import type { PlannedEdit } from "../../edits/plan-edits.ts";
import { Exchange, slotOf } from "../exchange.ts";
import type { Gives } from "../journal-entry.ts";
import { defineStep, type Step, type StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { editsIdOf } from "./edits-of.ts";

/**
 * Checks everything that can be checked before anything is touched, and puts the new contents down in Instar's own folder. What it gives names files
 * and digests and never what is in them: configuration holds secrets, and what is given comes to the ledger.
 */
export function prepareEditsStep(rooms: StepRooms, edits: Edits): Step {
  return defineStep({
    id: "prepare-edits",
    version: 1,
    title: "Check the edits against what is there",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const unfit = await whyUnfit(rooms, context);
      if (unfit !== undefined) return unfit;
      const planned = await edits.prepare(editsIdOf(context));
      if (planned.kind === "refused") return planned;
      return { kind: "done", gives: { edits: editsIdOf(context), changes: planned.changes.map(describeChange), needless: planned.needless } };
    },
    undo: { needless: "what it writes is in Instar's own folder" },
    describe: ({ changes, needless }) =>
      [...(changes as readonly Described[]).map(({ edit, path }) => `${edit} ${path}`), ...(needless as readonly string[])].join(", "),
  });
}

/** Edits are judged by the agent that goes on with them; so there must be one, and one that is well or is started again. */
async function whyUnfit(rooms: StepRooms, context: StepContext) {
  const { releaseFrom, edits } = context.start;
  if (releaseFrom === null)
    return edits?.restart ? ({ kind: "refused", code: "CONFLICT", because: "nothing runs, so nothing can be started again" } as const) : undefined;
  if (edits?.restart) return undefined;
  const exchange = new Exchange(rooms, context);
  const report = await exchange.report();
  const slot = slotOf(report, releaseFrom);
  const health = slot === undefined ? undefined : await exchange.probe(report.slots[slot]);
  if (health?.verdict === "pass") return undefined;
  return {
    kind: "refused",
    code: "UNHEALTHY",
    because: `the agent is not well (${health?.because ?? "it does not run"}), so nothing would tell whether the edits harm it. With \`restart: true\` they are judged by whether it gets ready`,
  } as const;
}

type Described = { readonly path: string; readonly edit: string; readonly before: string | null; readonly after: string | null };

function describeChange({ change }: PlannedEdit): Gives {
  const digests = change.kind === "file" ? { before: change.before?.digest ?? null, after: change.after?.digest ?? null } : { before: null, after: null };
  return { path: change.path, edit: change.edit, ...digests } satisfies Described;
}
