import { z } from "zod";

/** What a sandbox may keep a job from. */
export const SANDBOX_ASPECTS = ["files", "network", "system-calls", "memory", "cpu", "processes", "time", "descriptors", "disk"] as const;
export type SandboxAspect = (typeof SANDBOX_ASPECTS)[number];

export const SANDBOX_NAMES = ["bubblewrap", "sandbox-runtime", "none"] as const;
export type SandboxName = (typeof SANDBOX_NAMES)[number];

/** What a job is for. `agent` is the running agent's own slot. */
export const SANDBOX_USES = ["install", "build", "check", "test", "rehearse"] as const;
export type SandboxUse = (typeof SANDBOX_USES)[number];

export const enforcement = z.object({
  aspect: z.enum(SANDBOX_ASPECTS),
  enforced: z.enum(["yes", "partly", "no"]),
  by: z.string().describe("What enforces it: namespaces, seccomp, cgroup, rlimit, watchdog; empty where nothing does"),
  because: z.string().describe("What was tried here and seen"),
  advice: z.string().describe("How to get more; empty where there is no more to get"),
});
export type Enforcement = z.output<typeof enforcement>;

export const sandboxReport = z.object({
  name: z.enum(SANDBOX_NAMES),
  available: z.boolean(),
  because: z.string(),
  advice: z.string(),
  aspects: z.array(enforcement).describe("One for each aspect, in their order"),
});
export type SandboxReport = z.output<typeof sandboxReport>;

/** In what a job ran, and what of its least was not enforced; kept with the update and on the ledger. */
export const confinedBy = z.object({
  sandbox: z.enum(SANDBOX_NAMES),
  missing: z.array(z.enum(SANDBOX_ASPECTS)).describe("Of the least for this use; empty unless sandbox.weaker allows it"),
});
export type ConfinedBy = z.output<typeof confinedBy>;
