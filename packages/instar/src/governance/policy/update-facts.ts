import { BUMPS, type Bump, IMPACT_LEVELS, type ImpactLevel, ORIGINS, RISKS, type Risk, TOUCH_KINDS, UPDATE_TYPES, VERDICTS } from "@instar/protocol";
import { z } from "zod";

/** What began an update, as a policy sees it. */
const FACT_TRIGGERS = ["found", "by-hand", "first"] as const;

/**
 * What is known of an update when it is decided upon. Written down with the decision, so that it can be computed again: by anybody, later, and against other
 * policies. Every fact is measured by Instar or said by git; nothing in it is the candidate's word for itself but the authors' names and the update's type.
 */
export const updateFacts = z.strictObject({
  kind: z.enum(["code", "configuration"]),
  trigger: z.enum(FACT_TRIGGERS),
  startedBy: z.enum(["system", "user", "agent"]),
  starter: z.string().describe("Name of who started it"),
  updateType: z.enum(UPDATE_TYPES),
  bump: z.enum(BUMPS),
  impactLevel: z.enum(IMPACT_LEVELS),
  risk: z.enum(RISKS),
  score: z.number().min(0).max(100),
  touches: z.array(z.enum(TOUCH_KINDS)).describe("What it lays hands on that is not ordinary code"),
  weakens: z.array(z.enum(TOUCH_KINDS)).describe("Where it takes something away that judges or protects"),
  dependencies: z.int().min(0).describe("Packages added, removed or changed"),
  installScripts: z.boolean().describe("A new package runs a program of its own while it is installed"),
  failedChecks: z.array(z.string()).describe("Static checks that it made worse"),
  tests: z.enum(VERDICTS),
  rehearsal: z.enum([...VERDICTS, "off"]),
  isConfined: z.boolean().describe("Its jobs ran in a sandbox as strong as the settings ask for"),
  untested: z.boolean().describe("A person let it go on without tests"),
  quarantined: z.boolean().describe("It misbehaved before, and a person tries it again"),
  lessons: z.int().min(0).describe("Earlier incidents with a change like this one"),
  origin: z.enum(ORIGINS).default("none").describe("What vouches for it, as it was proved before anything in it ran"),
  originBy: z.string().default("").describe("The key, the person or the workflow that signed; empty where nobody did"),
  authors: z.array(z.string()).describe("Names and addresses of who wrote the change, by git"),
});
export type UpdateFacts = z.output<typeof updateFacts>;

/** Of steps between versions, how far: what cannot be compared, and what goes down, counts as further than all. */
export const bumpRank = (bump: Bump): number => ({ first: 0, none: 0, patch: 1, minor: 2, major: 3, unknown: 4, downgrade: 5 })[bump] ?? BUMPS.length;
export const impactRank = (level: ImpactLevel): number => IMPACT_LEVELS.length - 1 - IMPACT_LEVELS.indexOf(level);
export const riskRank = (risk: Risk): number => RISKS.indexOf(risk);
