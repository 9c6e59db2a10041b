// Instar's front in a process of its own, as the keeper runs it, and nothing beside it: no daemon, no slots. argv: the agent's port.
import { createFront } from "../../packages/instar/src/keeper/front/front.ts";
import { systemClock } from "../../packages/instar/src/platform/clock.ts";

const front = createFront({
  host: "127.0.0.1",
  port: 0,
  hold: { requests: 1_000, bytes: 64 * 1024 * 1024, timeMs: 30_000 },
  healthPath: "/.instar/front",
  clock: systemClock,
});
const { port } = await front.listen();
front.route({ main: { slot: "blue", release: "bench", host: "127.0.0.1", port: Number(process.argv[2]) } });
process.send?.({ port });
process.on("disconnect", () => process.exit(0));
