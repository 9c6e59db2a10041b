// What an agent that Instar keeps may call. No dependency at run time; Node 20 or newer.
export { InstarCallError } from "./call-error.ts";
export type { CallOptions } from "./call-operation.ts";
export { type AgentEvent, type Change, type ConnectOptions, connect, type SelfUpgrade, type TaskPlan } from "./connect.ts";
export type { OutcomeOptions } from "./follow-outcome.ts";
export { type HealthOptions, healthHandler, serveHealth } from "./health-handler.ts";
export { createMetrics, type Metrics } from "./metrics.ts";
export { type Drain, type DrainOptions, onDrain } from "./on-drain.ts";
export type { EndedDeployment, ResumeOptions, Resumption } from "./resume.ts";
export type { Begun, Check, CodeCheck, Deployed, Deployment, Ended, Health, HealthCheck, Seen, Standing, Task, UpdateOutcome } from "./views.ts";
