// One operation of Instar's snapshots in a process of its own: `run-instar.ts <operation> <home> <data>`. What it returns from is durable.
import { join } from "node:path";
import { openSnapshotStore } from "../../packages/instar/src/backups/snapshot-store.ts";
import { systemClock } from "../../packages/instar/src/platform/clock.ts";
import { openContentStore } from "../../packages/instar/src/store/content-store.ts";

const [operation = "", home = "", data = ""] = process.argv.slice(2);
const snapshots = openSnapshotStore({ folder: join(home, "snapshots"), store: openContentStore({ folder: join(home, "store") }), clock: systemClock });
const about = { kind: "incremental", tags: [], because: "the bench", update: null, version: null, release: null } as const;
const parts = [{ component: "data", roots: [{ name: "state", path: data }], about: {} }] as const;

const newest = async () => (await snapshots.list())[0]?.id ?? "none";

switch (operation) {
  case "take":
    await snapshots.take(`taken-${process.pid}`, { about, parts, trustUnchanged: true });
    break;
  case "restore":
    await snapshots.writePart(await newest(), "data", "state", data);
    break;
  case "in-place":
    await snapshots.bringPart(await newest(), "data", "state", data);
    break;
  case "verify":
  case "read": {
    const verdict = await snapshots.verify(await newest(), { how: operation === "read" ? "read" : "restored" });
    if (verdict.kind !== "intact") throw new Error(`the snapshot is damaged: ${verdict.paths.slice(0, 3).join(", ")}`);
    break;
  }
  default:
    throw new Error(`there is no operation called ${operation}`);
}
