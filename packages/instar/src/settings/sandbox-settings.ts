import { SANDBOX_ASPECTS } from "@instar/protocol";
import { z } from "zod";
import { size, variable } from "./setting-values.ts";

const aspects = z.array(z.enum(SANDBOX_ASPECTS));

/** `sandbox`: where jobs run. */
export const sandboxSettings = z.strictObject({
  use: z
    .enum(["auto", "bubblewrap", "sandbox-runtime", "none"])
    .default("auto")
    .describe("auto: bubblewrap on Linux, sandbox-runtime on macOS; what each enforces here, `instar doctor` says"),
  weaker: z
    .enum(["refused", "allowed"])
    .default("refused")
    .describe("What happens to a job where its least is not enforced: refused, or allowed and written down with the update and on the ledger"),
  least: z
    .strictObject({
      install: aspects.optional(),
      build: aspects.optional(),
      check: aspects.optional(),
      test: aspects.optional(),
      rehearse: aspects.optional(),
    })
    .prefault({})
    .describe("What must be enforced for each kind of job, instead of the defaults"),
  readable: z.array(z.string().min(1)).default([]).describe("Files and folders that jobs may read besides the system, the agent's programs and the candidate"),
  environment: z.record(variable, z.string()).default({}).describe("Variables that jobs get besides the few they have"),
  limits: z
    .strictObject({
      memory: size.prefault("2GiB").describe("Of all processes of a job together"),
      processes: z.int().min(16).default(512),
      descriptors: z.int().min(64).default(4_096).describe("Open files of each process"),
      disk: size.prefault("2GiB").describe("What a job may write to its scratch folder"),
      cpus: z.number().gt(0).optional().describe("How many processors' time a job may use (default: all, behind everything else)"),
    })
    .prefault({}),
});

/** `agent.sandbox`: what the running agent may reach. */
export const slotSandboxSettings = z.strictObject({
  level: z.enum(["open", "sandboxed"]).default("open").describe("sandboxed: its state is writable, releases are read-only, Instar's data is invisible"),
  network: z
    .enum(["host", "none"])
    .default("host")
    .describe("none: nothing but its own loopback; then the front cannot reach it, so only for agents without a port"),
  home: z.enum(["own", "host"]).default("own").describe("own: an empty home that is gone with the process; host: your home folder, read-only"),
  readable: z.array(z.string().min(1)).default([]).describe("Files and folders it may read besides the system, its programs and its release"),
  writable: z.array(z.string().min(1)).default([]).describe("Files and folders it may write besides its state"),
});
