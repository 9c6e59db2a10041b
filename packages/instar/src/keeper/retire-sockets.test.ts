import { SimulatedClock } from "@instar/testkit";
import { expect, it } from "vitest";
import type { SlotName } from "./keeper-state.ts";
import { retireSockets } from "./retire-sockets.ts";

async function retire(afterMs: number, meanwhile: SlotName | null): Promise<SlotName[]> {
  const clock = new SimulatedClock();
  const told: SlotName[] = [];
  let routed: SlotName | null = "green";
  const retired = retireSockets(
    { front: { retire: async (slot: SlotName) => void told.push(slot) }, clock, routed: () => routed },
    { slot: "blue", group: 5, withinMs: 1, afterMs },
  );
  expect(told).toEqual(afterMs > 0 ? [] : ["blue"]);
  routed = meanwhile;
  clock.advance(afterMs);
  await retired;
  return told;
}

it("tells the WebSockets of a slot that was replaced, after the pause", async () => expect(await retire(1_000, "green")).toEqual(["blue"]));
it("tells them at once where no pause is wanted", async () => expect(await retire(0, "green")).toEqual(["blue"]));
it("leaves them where they are when their slot serves again", async () => expect(await retire(1_000, "blue")).toEqual([]));
it("tells them also where nothing serves", async () => expect(await retire(1_000, null)).toEqual(["blue"]));
