import { type Row, row } from "../bench-report.ts";
import { median } from "../percentile.ts";
import { type Asked, TOOLS } from "./backup-tools.ts";
import type { DataSamples, ToolSamples } from "./measure-backup.ts";
import { type BackupFigures, OPERATIONS, type Operation } from "./plan-backup-bars.ts";

const PEERS = TOOLS.filter((name) => name !== "instar");

const WORDS: Readonly<Record<Operation, string>> = {
  first: "first backup",
  unchanged: "nothing changed",
  changed: "1 % of the files changed",
  restore: "restore to an empty folder",
  "in place": "restore over a folder of which 1 % differs",
  verify: "verify",
};

/** Pure: medians of the rounds. What is not there is null, with its reason. */
export function summariseBackup({ plan, tools }: DataSamples): { rows: Row[]; figures: BackupFigures } {
  const ours = tools.instar;
  const seconds = (name: (typeof TOOLS)[number], asked: Asked) => {
    const found = tools[name];
    const values = typeof found === "string" ? [] : (found.seconds[asked] ?? []);
    return values.length === 0 ? null : median(values);
  };
  const fact = (name: (typeof TOOLS)[number], pick: (samples: ToolSamples) => number | null) => {
    const found = tools[name];
    return typeof found === "string" ? null : pick(found);
  };
  const note = (name: (typeof TOOLS)[number]) => [ours, tools[name]].find((found): found is string => typeof found === "string");
  const compare = (what: string, unit: string, value: number | null, of: (name: (typeof TOOLS)[number]) => number | null) =>
    PEERS.map((name) => row(`${plan.name}: ${what}`, unit, value, name, of(name), note(name)));
  const fastest = (asked: Operation) => {
    const values = PEERS.map((name) => seconds(name, asked)).filter((value) => value !== null);
    return values.length === 0 ? null : Math.min(...values);
  };
  const rows = [
    ...OPERATIONS.flatMap((operation) => compare(WORDS[operation], "s", seconds("instar", operation), (name) => seconds(name, operation))),
    ...compare("verify, where there is no room to restore aside", "s", seconds("instar", "read"), (name) => seconds(name, "verify")),
    ...compare("bytes on disk, after three backups", "MB", fact("instar", megabytes), (name) => fact(name, megabytes)),
    ...compare("processor time, the six together", "s", fact("instar", processorS), (name) => fact(name, processorS)),
    ...compare(
      "peak memory",
      "MiB",
      fact("instar", ({ peakMiB }) => peakMiB),
      (name) => fact(name, ({ peakMiB }) => peakMiB),
    ),
  ];
  const times = (operation: Operation) => divide(fastest(operation), seconds("instar", operation));
  const faster = Object.fromEntries(OPERATIONS.map((operation) => [operation, times(operation)])) as Record<Operation, number | null>;
  const peakMiB = fact("instar", (samples) => samples.peakMiB);
  return { rows, figures: { faster, toRestic: divide(fact("instar", megabytes), fact("restic", megabytes)), peakMiB } };
}

const processorS = (samples: ToolSamples) => samples.processorS;
const megabytes = ({ diskBytes }: ToolSamples) => diskBytes / 1_000_000;
const divide = (a: number | null, b: number | null) => (a === null || b === null || b === 0 ? null : a / b);
