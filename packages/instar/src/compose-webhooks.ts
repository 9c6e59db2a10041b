// Who may say that there is something new, wired: what is heard, who judges it, and the source that is asked then.
import { resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import { dismissAnnounced, noteAnnounced } from "./daemon/announced-releases.ts";
import type { Daemon } from "./daemon/run-daemon.ts";
import { keepWebhooks } from "./faces/webhook/keep-webhooks.ts";
import { NO_FAILURES, throttleFailures } from "./governance/access/throttle-failures.ts";
import { planGitFollow } from "./settings/source-settings.ts";
import { createWebhookHearing } from "./sources/webhook/hear-webhook.ts";
import { readWebhookSecrets } from "./sources/webhook/read-webhook-secrets.ts";
import { WebhookDeliveries } from "./sources/webhook/webhook-deliveries.ts";

/** Undefined where instar.yaml names none. */
export function openWebhooks(daemon: Daemon, say: (line: string) => void): { close(): Promise<void> } | undefined {
  const { instance, lookout } = daemon;
  const { settings, rooms, database } = instance;
  const { webhooks } = settings.source;
  if (webhooks === undefined) return undefined;
  const { clock } = rooms;
  return keepWebhooks({
    settings: webhooks,
    port: webhooks.port,
    hear: createWebhookHearing({
      settings: webhooks,
      refs: followedRefs(settings.source),
      readSecrets: (path) => readWebhookSecrets(resolve(rooms.settingsFolder, path)),
      deliveries: new WebhookDeliveries({ database, clock }),
      clock,
    }),
    failures: { none: NO_FAILURES, count: throttleFailures },
    clock,
    say,
    onAccepted: async (hook, { repository, event, commit, ref }) => {
      say(`${hook} says ${event}${repository === null ? "" : ` of ${repository}`}: the sources are asked`);
      // What a webhook is about, its sender says; what is taken, the source itself.
      const only = hook !== "generic" && settings.source.git !== undefined ? ({ source: "git" } as const) : {};
      if (commit !== null && hook !== "generic") noteAnnounced(instance, { commit, ref, by: `${event} of ${repository ?? hook}` });
      await lookout.look({ reason: "webhook", ...only }, daemon.over).catch((error: unknown) => {
        if (InstarError.is(error, "FENCED") || InstarError.is(error, "DATA_DAMAGED")) throw error;
        say(`a webhook came, and the source could not be read: ${error instanceof Error ? error.message : String(error)}`);
      });
      dismissAnnounced(instance, "upstream was asked, and had something else or could not be read");
    },
  });
}

function followedRefs(source: Parameters<typeof planGitFollow>[0]): string[] {
  const follow = planGitFollow(source);
  if (follow === undefined) return [];
  return [follow.tag === undefined ? `refs/heads/${follow.branch ?? "main"}` : `refs/tags/${follow.tag}`];
}
