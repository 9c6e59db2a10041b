import { createHmac } from "node:crypto";
import type { RunJob } from "../platform/run-job.ts";
import type { NotifyWay } from "../settings/notify-settings.ts";
import { planCommand } from "../settings/plan-command.ts";
import type { Notification } from "./plan-notifications.ts";

export interface DeliveryTools {
  readonly runJob: RunJob;
  /** What the operator's program gets: PATH, HOME and the like. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of agent.environmentFile, read anew. */
  readonly readSecret: (name: string) => Promise<string | undefined>;
  readonly cwd: string;
  readonly logPath: string;
  readonly signal: AbortSignal;
}

export type Delivery = { readonly kind: "told" } | { readonly kind: "failed"; readonly because: string };

/** Tells one notification in one way. Whatever the other side does, this ends in time and never throws for it. */
export async function deliverNotification(way: NotifyWay, notification: Notification, tools: DeliveryTools): Promise<Delivery> {
  return way.webhook === undefined ? runProgram(way, notification, tools) : post(way, way.webhook, notification, tools);
}

async function runProgram(way: NotifyWay, notification: Notification, tools: DeliveryTools): Promise<Delivery> {
  const result = await tools.runJob({
    argv: planCommand(way.run ?? [], {}),
    cwd: tools.cwd,
    environment: {
      ...tools.environment,
      INSTAR_NOTIFICATION: JSON.stringify(notification),
      INSTAR_OCCASION: notification.occasion,
      INSTAR_SUMMARY: notification.summary,
    },
    timeoutMs: way.within,
    logPath: tools.logPath,
    title: "notify",
    signal: tools.signal,
  });
  if (result.kind === "exited") return result.status === 0 ? { kind: "told" } : failed(`the program exited with ${result.status}`);
  return failed(result.kind === "not-started" ? result.because : `the program did not end in time (${result.kind})`);
}

/** A redirect is not followed: where this is sent is the operator's word, and nobody else's. */
async function post(way: NotifyWay, url: string, notification: Notification, tools: DeliveryTools): Promise<Delivery> {
  const body = JSON.stringify(notification);
  const secret = way.secretVariable === undefined ? undefined : await tools.readSecret(way.secretVariable);
  if (way.secretVariable !== undefined && secret === undefined) return failed(`agent.environmentFile has no ${way.secretVariable} to sign with`);
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      redirect: "manual",
      signal: AbortSignal.any([tools.signal, AbortSignal.timeout(way.within)]),
      headers: {
        "content-type": "application/json",
        "x-instar-delivery": notification.id,
        ...(secret === undefined ? {} : { "x-instar-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` }),
      },
    });
    await response.body?.cancel();
    return response.ok ? { kind: "told" } : failed(`the webhook answered ${response.status}`);
  } catch (error) {
    tools.signal.throwIfAborted();
    return failed(`the webhook could not be reached: ${wordsOf(error)}`);
  }
}

/** Of fetch's own errors the cause says more. */
function wordsOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

const failed = (because: string): Delivery => ({ kind: "failed", because });
