import { expect, test } from "vitest";
import type { ToolSamples } from "./measure-backup.ts";
import { planBackupBars } from "./plan-backup-bars.ts";
import { summariseBackup } from "./summarise-backup.ts";

const plan = { name: "three files", files: 3, leastBytes: 1, mostBytes: 2 };
const tool = (seconds: number, diskBytes: number): ToolSamples => ({
  seconds: { first: [seconds, 99, seconds], unchanged: [seconds], changed: [seconds], restore: [seconds], "in place": [seconds], verify: [seconds] },
  diskBytes,
  peakMiB: 100,
  processorS: seconds,
});

test("ours is compared with the faster of the two, by medians, and on disk with restic", () => {
  const { rows, figures } = summariseBackup({ plan, sizeBytes: 6, tools: { instar: tool(1, 110), restic: tool(3, 100), borg: tool(2, 50) } });
  expect(figures).toMatchObject({ faster: { first: 2, verify: 2 }, toRestic: 1.1, peakMiB: 100 });
  expect(rows.find(({ what, peerName }) => what === "three files: first backup" && peerName === "restic")).toMatchObject({ ours: 1, peer: 3 });
  expect(planBackupBars(figures, figures).every(({ met }) => met)).toBe(true);
});

test("a tool that is not there is a row with its reason, and without both no bar is met", () => {
  const { rows, figures } = summariseBackup({ plan, sizeBytes: 6, tools: { instar: tool(1, 110), restic: "not installed", borg: "not installed" } });
  expect(rows[0]).toMatchObject({ ours: 1, peer: null, note: "not installed" });
  expect(planBackupBars(figures, undefined).filter(({ met }) => met)).toHaveLength(1);
});
