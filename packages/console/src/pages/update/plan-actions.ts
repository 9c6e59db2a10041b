import type { UpdateView } from "@instar/protocol";

/** What there is to say to an update, whoever may say it. */
export interface Actions {
  /** And reject. */
  readonly approve: boolean;
  readonly confirm: boolean;
  readonly resolve: boolean;
  readonly cancel: boolean;
  readonly rollback: boolean;
  readonly hold: boolean;
  /** Skip and pin. */
  readonly mark: boolean;
}

const IN_SERVICE = ["trial", "watch"];

export function planActions({ outcome, state, steps, kind }: Pick<UpdateView, "outcome" | "state" | "steps" | "kind">): Actions {
  const isOpen = outcome === null;
  const waiting = steps.find((step) => step.state === "waiting");
  const isStuck = isOpen && state === "error";
  return {
    approve: isOpen && waiting?.id === "approve",
    confirm: isOpen && waiting !== undefined && IN_SERVICE.includes(waiting.id),
    resolve: isStuck,
    cancel: isOpen && !isStuck && state !== "rolling_back",
    rollback: outcome === "committed" && kind === "code",
    hold: isOpen,
    mark: kind === "code",
  };
}

/** Whether the new version has met requests: from there on a cancel puts the old one back. */
export const hasExchanged = (steps: UpdateView["steps"]): boolean =>
  steps.some(({ id, state }) => id === "switch" && (state === "running" || state === "done" || state === "failed"));
