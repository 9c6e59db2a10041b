import type { Settings } from "./settings.ts";

export type Strategy = "recreate" | "blue-green";

export interface StrategyPlan {
  readonly strategy: Strategy;
  /** In an operator's words. */
  readonly because: string;
}

/**
 * How old and new version change places. Two versions run side by side only where nothing says that they must not: an exclusive
 * state may be opened by one process, a fixed port can be listened at once, and an agent without a port may act twice on
 * what it polls. Contradictions with what the operator wrote are refused when the file is read.
 */
export function planStrategy({ agent, state, exchange }: Pick<Settings, "agent" | "state" | "exchange">): StrategyPlan {
  if (exchange.strategy !== "auto") return { strategy: exchange.strategy, because: "exchange.strategy says so" };
  if (state.kind === "exclusive") return { strategy: "recreate", because: "its state may be opened by one process only" };
  if (agent.port === "none") return { strategy: "recreate", because: "an agent without a port might do things twice if two ran" };
  if (agent.port !== "given") return { strategy: "recreate", because: "its port is fixed, so two cannot run" };
  return { strategy: "blue-green", because: state.kind === "none" ? "it keeps no state of its own" : "its state is elsewhere" };
}
