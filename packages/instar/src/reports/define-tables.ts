import type { ReportCell, ReportTable, ReportUnit } from "@instar/protocol";
import { sortIndices } from "./define-figures.ts";
import type { Moment } from "./update-record.ts";

export interface Column<Thing> {
  readonly id: string;
  readonly label: string;
  readonly unit: ReportUnit;
  readonly cell: (thing: Thing) => ReportCell;
}

/** A row per thing; the columns say what it shows, and `entriesOf` what it rests on. */
export function defineTable<Thing>(
  said: Pick<ReportTable, "id" | "title" | "because">,
  columns: readonly Column<Thing>[],
  things: readonly Thing[],
  entriesOf: (thing: Thing) => number[],
): ReportTable {
  return {
    ...said,
    columns: columns.map(({ id, label, unit }) => ({ id, label, unit })),
    rows: things.map((thing) => ({ cells: columns.map(({ cell }) => cell(thing)), entries: sortIndices(entriesOf(thing)) })),
  };
}

export const timeOf = (moment: Moment | null): string | null => (moment === null ? null : new Date(moment.atMs).toISOString());
