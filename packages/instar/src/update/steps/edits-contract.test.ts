import { describeStepContract } from "@instar/testkit";
import { describe, it } from "vitest";
import { ConfigurationWorld } from "../configuration-world.testing.ts";
import type { Step } from "../step.ts";
import { applyEditsStep } from "./apply-edits.ts";
import { confirmAgentStep } from "./confirm-agent.ts";
import { keepBeforeStep } from "./keep-before.ts";
import { prepareEditsStep } from "./prepare-edits.ts";
import { startAgentStep, stopAgentStep } from "./restart-agent.ts";
import { tidyEditsStep } from "./tidy-edits.ts";

/** Every step in the world that the steps before it leave. */
const STEPS: readonly ((world: ConfigurationWorld) => Step)[] = [
  ({ rooms, edits }) => prepareEditsStep(rooms, edits),
  ({ edits }) => keepBeforeStep(edits),
  ({ rooms }) => stopAgentStep(rooms),
  ({ rooms, edits }) => applyEditsStep(rooms, edits),
  ({ rooms, edits }) => startAgentStep(rooms, edits),
  ({ rooms }) => confirmAgentStep(rooms),
  ({ edits }) => tidyEditsStep(edits),
];
const NAMES = ["prepare-edits", "keep-before", "stop-agent", "apply-edits", "start-agent", "confirm-agent", "tidy-edits"];

for (const [place, define] of STEPS.entries())
  describeStepContract(
    NAMES[place] ?? "",
    (world: Awaited<ReturnType<typeof open>>) => define(world.world),
    () => open(place),
    { describe, it },
  );

async function open(place: number) {
  const world = await ConfigurationWorld.create();
  await world.stage({ "/level": "debug" });
  for (const define of STEPS.slice(0, place)) await define(world).apply(world.context());
  // When a file that Instar wrote was written differs from run to run; when a person wrote it does not.
  const withoutTimes = ({ files, agent }: { files: Record<string, string>; agent: unknown }) => ({
    agent,
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name.replaceAll(world.id, "id"), text.replace(/^(\d+) \d+/, "$1")])),
  });
  return {
    world,
    crashes: world.crashes,
    context: () => world.context(),
    look: async () => withoutTimes((await world.look()) as Parameters<typeof withoutTimes>[0]),
    close: () => world.close(),
  };
}
