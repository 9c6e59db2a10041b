import { z } from "zod";
import { command, duration, jsonPointer, pattern, variable } from "./setting-values.ts";

const json = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const question = {
  path: z.string().startsWith("/"),
  method: z
    .string()
    .regex(/^[A-Z]{3,10}$/, "must be an HTTP method in capitals")
    .default("GET"),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
};

/** `rehearsal`: the candidate started aside on a copy of the state. */
export const rehearsalSettings = z.strictObject({
  gate: z
    .enum(["off", "reported", "no-worse", "required"])
    .default("no-worse")
    .describe("no-worse: what the old version can do there and the new one cannot refuses it; required: so does what could not be found out"),
  within: duration.prefault("5m").describe("How long all of it may take, after the starts"),
  stays: duration.prefault("2s").describe("How long the new version must stay up at least, asked or not"),
  environment: z.record(variable, z.string()).default({}).describe("Variables that win over the agent's own, for a test database or a test token"),
  environmentFile: z
    .enum(["given", "withheld"])
    .default("given")
    .describe("given: only where the sandbox lets nothing out; withheld: the rehearsal never sees agent.environmentFile"),
  probes: z
    .array(
      z.strictObject({
        ...question,
        name: z.string().optional(),
        status: z.int().min(100).max(599).optional().describe("What it must answer; any 2xx where this is left out"),
        matches: pattern.optional().describe("A regular expression that the answer must match"),
        json: z.record(jsonPointer, json).optional().describe("Values that the JSON answer must have, by JSON Pointer"),
      }),
    )
    .default([])
    .describe("What the new version must answer"),
  commands: z
    .array(z.strictObject({ name: z.string().min(1), run: command, within: duration.prefault("60s") }))
    .default([])
    .describe("Programs that must exit 0 beside the rehearsed version: {port} and {state} are the copy's"),
  things: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe("What they are: plugins, jobs, channels"),
        path: z.string().startsWith("/").optional().describe("Asked over HTTP"),
        run: command.optional().describe("Or a program whose output is JSON"),
        at: jsonPointer.describe("Where the list, or the object whose keys they are, stands in the JSON"),
        key: z.string().optional().describe("Which field of each entry names it"),
      }),
    )
    .default([])
    .describe("Configured things of which none may be missing in the new version"),
  requests: z
    .array(z.strictObject({ ...question, weight: z.int().min(1).default(1) }))
    .default([])
    .describe("What old and new are both asked, to compare answers and times; without any the health page is asked"),
  ignore: z
    .array(jsonPointer)
    .default([])
    .describe("Parts of JSON answers that may differ, `*` for any one key; what differs between two answers of the old version is passed over anyway"),
  compareAnswers: z.enum(["off", "reported", "required"]).default("reported"),
  samples: z.int().min(20).max(20_000).default(400).describe("At most so many requests to each version"),
  limits: z
    .strictObject({
      latency: z.number().gt(0).default(0.2).describe("95th percentile, more than the old version's"),
      throughput: z.number().gt(0).lt(1).default(0.2).describe("Requests a second, less"),
      memory: z.number().gt(0).default(0.3).describe("Resident memory, more"),
      cpu: z.number().gt(0).default(0.25).describe("Processor time for a request, more"),
      eventLoop: z.number().gt(0).default(0.5).describe("99th percentile of the event loop's delay, more (agents on Node)"),
      errors: z.number().gt(0).default(2).describe("Times the old version's share of failed requests"),
    })
    .prefault({})
    .describe("By how much the new version may be worse, beyond doubt"),
  performance: z.enum(["off", "reported", "required"]).default("required").describe("required: beyond a limit, beyond doubt, refuses it"),
  logErrors: pattern
    .default('\\b(ERROR|FATAL|CRITICAL|Unhandled|uncaught|Traceback|panic:|ERR_[A-Z_]+|([A-Z][a-zA-Z]*)?(Error|Exception):)|"level":(50|60)\\b')
    .describe("Lines of its output that tell of an error; one that the old version does not write refuses it"),
  ignoreLog: z.array(pattern).default([]),
  wayBack: z.boolean().default(true).describe("Start the old version on a copy of what the new one left, to know whether code alone can go back"),
});
