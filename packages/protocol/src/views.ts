import { z } from "zod";
import { ROLES } from "./access.ts";
import { impactReport } from "./impact.ts";
import { observationView } from "./observation.ts";
import { sandboxReport } from "./sandbox.ts";
import { sourceView, versionMarksView } from "./source.ts";
import { LOOP_STATES, updateView } from "./update.ts";
import { VERDICTS } from "./verdict.ts";

// What operations answer, beside an update's own view.

const slotView = z.object({
  slot: z.enum(["blue", "green"]),
  release: z.string().nullable(),
  version: z.string().nullable(),
  alive: z.boolean(),
  pid: z.int().nullable(),
  startedAt: z.string().nullable(),
  port: z.int().nullable(),
  restarts: z.int(),
});

const servedView = slotView.extend({
  role: z
    .enum(["serving", "trial", "beside"])
    .describe("serving: requests go there; trial: a share of the callers; beside: it runs, and no new request goes there"),
  share: z.number().describe("Of the callers, 0 to 1"),
  inFlight: z.int().describe("Requests, streams and WebSockets under way"),
  requests: z.int(),
  failed: z.int().describe("Answers of 500 to 599, and connections that broke"),
  writes: z.int().describe("Acknowledged requests that change something, and WebSocket messages that were answered"),
  medianMs: z.number().nullable().describe("From forwarding to the head of the answer"),
  p99Ms: z.number().nullable(),
});

export const statusView = z.object({
  instance: z.string(),
  dataFolder: z.string(),
  running: z.object({ keeper: z.boolean(), daemon: z.boolean() }),
  keeper: z
    .object({
      pid: z.int(),
      startedAt: z.string(),
      handOver: z.string().nullable().describe("What a replacement of the keeper is at; null where none is going on"),
    })
    .nullable(),
  state: z.enum(LOOP_STATES),
  waiting: z.string().describe("What Instar is waiting for, in words: why nothing is happening"),
  agent: z.object({
    release: z.string().nullable(),
    version: z.string().nullable(),
    commit: z.string().nullable(),
    health: z.enum(VERDICTS),
    because: z.string(),
    degraded: z.string().nullable().describe("Why it is not what should run although it answers: its files were changed underneath, for one"),
    slot: slotView.nullable(),
    containment: z.enum(["open", "sandboxed", "separate-user"]),
    containmentBecause: z.string(),
  }),
  exchange: z.object({ strategy: z.enum(["recreate", "blue-green"]), because: z.string() }).describe("How old and new version change places"),
  slots: z.array(servedView).describe("Every version that is kept running; counts are those of its release"),
  front: z
    .object({
      host: z.string(),
      port: z.int(),
      listening: z.boolean(),
      holding: z.boolean(),
      held: z.int(),
      requests: z.int(),
      failed: z.int(),
      refusedByHold: z.int(),
      medianMs: z.number().nullable().describe("From forwarding to the head of the answer, of the version that serves"),
      p99Ms: z.number().nullable(),
    })
    .nullable(),
  update: updateView.nullable().describe("The one under way, or the newest"),
  observation: observationView.nullable().describe("The watch of a version in service, by all that is recorded of it; null where none is watched"),
  available: z
    .object({ version: z.string(), commit: z.string(), ref: z.string(), decision: z.enum(["start", "hold", "dismiss", "nothing"]), because: z.string() })
    .nullable(),
  source: z
    .object({ lookedAt: z.string().nullable(), nextLookInMs: z.number().nullable(), failing: z.string().nullable() })
    .describe("Of all sources: the newest look, the next one, why one of them cannot be read"),
  sources: z.array(sourceView),
  marks: versionMarksView,
  ledger: z.object({ length: z.int(), head: z.string(), trouble: z.string().nullable().describe("What is wrong with it; no update begins by itself then") }),
  access: z
    .object({ door: z.enum(ROLES), because: z.string() })
    .describe("What whoever comes through the instance's own door may do: whoever can read daemon.json in the data folder"),
  versions: z.object({ instar: z.string(), node: z.string() }),
});
export type StatusView = z.output<typeof statusView>;

export const planView = z.object({
  instance: z.string(),
  dataFolder: z.string(),
  candidate: z.object({ version: z.string(), commit: z.string(), ref: z.string(), author: z.string(), subject: z.string() }).nullable(),
  running: z.object({ version: z.string(), commit: z.string() }).nullable(),
  would: z.string().describe("What would happen, in one sentence"),
  steps: z.array(z.object({ id: z.string(), title: z.string(), would: z.string() })),
  files: z.object({ changed: z.int(), sample: z.array(z.string()) }),
  checks: z.array(z.object({ what: z.string(), verdict: z.enum(VERDICTS), because: z.string() })),
});
export type PlanView = z.output<typeof planView>;

export const doctorView = z.object({
  verdict: z.enum(VERDICTS),
  checks: z.array(z.object({ area: z.string(), what: z.string(), verdict: z.enum(VERDICTS), because: z.string(), advice: z.string() })),
  sandboxes: z.array(sandboxReport).describe("What each sandbox enforces on this machine, as tried just now"),
});
export type DoctorView = z.output<typeof doctorView>;

export const releaseView = z.object({
  release: z.string(),
  version: z.string(),
  commit: z.string(),
  author: z.string(),
  at: z.string(),
  changes: z.array(z.string()),
  updateType: z.string(),
  previous: z.string().nullable(),
  wayBack: z.object({ release: z.string(), commit: z.string() }).nullable(),
  digest: z.string(),
  sizeBytes: z.int(),
  running: z.boolean(),
  committed: z.boolean(),
  quarantined: z.string().nullable(),
});

export const impactView = z.object({
  update: z.string().nullable().describe("The update that was analysed so; null where it was analysed now"),
  from: z.object({ version: z.string(), commit: z.string() }).nullable(),
  to: z.object({ version: z.string(), commit: z.string() }),
  tookMs: z.int().nullable(),
  report: impactReport,
});
export type ImpactView = z.output<typeof impactView>;

export const incidentView = z.object({
  id: z.string().describe("The id of the update that it happened to"),
  versionTo: z.string(),
  at: z.string(),
  step: z.string().describe("The step that noticed"),
  code: z.string().describe("An error code, or ALARM where it was held for a person"),
  because: z.string(),
  outcome: z.string().nullable().describe("How the update ended; null while it is under way"),
  cause: z.string().nullable().describe("Why, as a person found out"),
  pattern: z.object({
    dependencies: z.array(z.string()),
    touches: z.array(z.string()),
    files: z.array(z.string()),
    components: z.array(z.string()),
  }),
});
export type IncidentView = z.output<typeof incidentView>;

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  scope: z.array(z.string()).nullable().describe("Operations, or groups of them, that it is limited to; null: whatever its role may"),
  state: z
    .enum(["living", "expired", "revoked", "unsure"])
    .describe("unsure: this machine's clock is behind the time when it was made or used last, so nobody can say whether it has expired; it is refused"),
  createdAt: z.string(),
  createdBy: z.string(),
  expiresAt: z.string().nullable().describe("null: never"),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable().describe("When it was shown last, to within a minute; also after its end"),
});
export type TokenView = z.output<typeof tokenView>;
