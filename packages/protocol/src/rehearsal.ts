import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** One thing that the rehearsal found out. */
export const rehearsalFinding = z.object({
  what: z
    .string()
    .describe("version, readiness, probe …, command …, things …, log, migration, way back, answers, latency, throughput, memory, cpu, event loop, errors"),
  verdict: z.enum(VERDICTS),
  because: z.string(),
  old: z.union([z.string(), z.number()]).nullable().describe("What the old version showed in the same place"),
  new: z.union([z.string(), z.number()]).nullable(),
  limit: z.number().nullable(),
  bound: z.number().nullable().describe("The confidence bound that was held against the limit"),
  samples: z.int().nullable(),
  unit: z.string(),
});
export type RehearsalFinding = z.output<typeof rehearsalFinding>;

/** Whether the old code runs on the state that the new one leaves. */
export const WAYS_BACK = ["code-alone", "with-state", "unknown"] as const;
export type WayBack = (typeof WAYS_BACK)[number];

export const rehearsalReport = z.object({
  verdict: z.enum(VERDICTS),
  because: z.string(),
  findings: z.array(rehearsalFinding),
  wayBack: z.enum(WAYS_BACK),
  wayBackBecause: z.string(),
});
export type RehearsalReport = z.output<typeof rehearsalReport>;
