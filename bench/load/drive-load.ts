// The clients, in a process of their own. argv: the plan as JSON, where the record goes. Runs until it is told "stop".
import { writeFileSync } from "node:fs";
import { emptyRecord, type LoadPlan } from "./load-record.ts";
import { driveRequests } from "./request-load.ts";
import { driveSockets } from "./socket-load.ts";
import { driveStreams } from "./stream-load.ts";

const [planText = "", path = ""] = process.argv.slice(2);
const plan = JSON.parse(planText) as LoadPlan;
const record = emptyRecord();
const parts = [driveRequests(plan, record), driveStreams(plan, record), driveSockets(plan, record)];

process.on("message", async () => {
  await Promise.all(parts.map((part) => part.stop()));
  writeFileSync(path, JSON.stringify(record));
  process.disconnect();
});
process.on("disconnect", () => process.exit(0));
process.send?.("driving");
