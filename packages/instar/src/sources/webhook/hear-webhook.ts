import type { Clock } from "../../platform/clock.ts";
import type { WebhookSettings } from "../../settings/webhook-settings.ts";
import type { SignedBody } from "./judge-signature.ts";
import { judgeWebhook, type WebhookRules } from "./judge-webhook.ts";
import type { WebhookDeliveries } from "./webhook-deliveries.ts";
import { type Hook, refuse, type WebhookVerdict } from "./webhook-verdict.ts";

export interface WebhookEar {
  readonly settings: WebhookSettings;
  /** Whole refs that are followed, `*` for anything; none means all. */
  readonly refs: readonly string[];
  /** See readWebhookSecrets; asked anew for each webhook. */
  readonly readSecrets: (path: string) => Promise<readonly string[]>;
  readonly deliveries: WebhookDeliveries;
  readonly clock: Pick<Clock, "wallMs">;
}

/** Judges webhooks, each with the secrets as they are now, and takes no body twice. @throws InstarError where its secrets cannot be read */
export function createWebhookHearing(ear: WebhookEar): (hook: Hook, request: SignedBody) => Promise<WebhookVerdict> {
  return async (hook, request) => {
    const verdict = judgeWebhook(hook, request, await readRules(hook, ear));
    if (verdict.kind !== "accepted") return verdict;
    const taken = ear.deliveries.take({ hook, delivery: verdict.about.delivery, signedId: signedIdOf(hook, request, ear.settings), body: request.body });
    return taken === "new" ? verdict : refuse(409, "CONFLICT", "this was sent before, and is taken once");
  };
}

async function readRules(hook: Hook, { settings, refs, readSecrets, clock }: WebhookEar): Promise<WebhookRules> {
  const files = { secretFile: settings[hook]?.secretFile, signingSecretFile: hook === "gitlab" ? settings.gitlab?.signingSecretFile : undefined };
  const read = async (path: string | undefined) => (path === undefined ? [] : readSecrets(path));
  return {
    secrets: await read(files.secretFile),
    signingSecrets: await read(files.signingSecretFile),
    repositories: hook === "generic" ? [] : (settings[hook]?.repositories ?? []),
    refs,
    freshWithinMs: settings.freshWithin,
    nowMs: clock.wallMs(),
  };
}

/** Only where the signature was asked for: of an unsigned header anybody makes a new one. */
function signedIdOf(hook: Hook, { headers }: SignedBody, { gitlab }: WebhookSettings): string | null {
  const isSigned = hook === "generic" ? headers["webhook-signature"] !== undefined : hook === "gitlab" && gitlab?.signingSecretFile !== undefined;
  return isSigned ? (headers["webhook-id"] ?? null) : null;
}
