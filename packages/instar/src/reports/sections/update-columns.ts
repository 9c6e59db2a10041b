import type { Column } from "../define-tables.ts";
import { timeOf } from "../define-tables.ts";
import { between } from "../fold-update.ts";
import type { UpdateRecord } from "../update-record.ts";

/** The columns by which an update is known again in every table. */
export const UPDATE: Column<UpdateRecord> = { id: "update", label: "Update", unit: "text", cell: ({ id }) => id };
export const SORT: Column<UpdateRecord> = { id: "sort", label: "What it was", unit: "text", cell: ({ sort }) => sort };
export const VERSION_FROM: Column<UpdateRecord> = { id: "versionFrom", label: "From", unit: "text", cell: ({ versionFrom }) => versionFrom };
export const VERSION_TO: Column<UpdateRecord> = { id: "versionTo", label: "To", unit: "text", cell: ({ versionTo }) => versionTo };
export const DETECTED: Column<UpdateRecord> = { id: "detectedAt", label: "Detected", unit: "time", cell: ({ detected }) => timeOf(detected) };
export const STARTED: Column<UpdateRecord> = { id: "startedAt", label: "Started", unit: "time", cell: ({ started }) => timeOf(started) };
export const SERVED: Column<UpdateRecord> = { id: "servedAt", label: "In service", unit: "time", cell: ({ served }) => timeOf(served) };
export const ENDED: Column<UpdateRecord> = { id: "endedAt", label: "Ended", unit: "time", cell: ({ ended }) => timeOf(ended) };
export const OUTCOME: Column<UpdateRecord> = { id: "outcome", label: "Outcome", unit: "text", cell: ({ outcome }) => outcome ?? "under way" };
export const TOOK: Column<UpdateRecord> = { id: "tookMs", label: "Took", unit: "ms", cell: ({ started, ended }) => between(started, ended) };
export const BECAUSE: Column<UpdateRecord> = { id: "because", label: "Because", unit: "text", cell: ({ because }) => because };
