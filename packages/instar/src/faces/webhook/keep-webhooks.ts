import { InstarError } from "@instar/protocol";
import { serveWebhooks, type WebhookFace, type WebhookFaceParts } from "./serve-webhooks.ts";

const AGAIN_MS = 5_000;

/**
 * Listens for webhooks as long as the daemon lives. A port that is taken is tried again and said once: a sender that is not heard costs a check of the source
 * more, and is no reason to leave the agent alone.
 */
export function keepWebhooks<News, Failures>(parts: WebhookFaceParts<News, Failures>): { close(): Promise<void> } {
  const closing = new AbortController();
  let face: WebhookFace | undefined;
  const listening = (async () => {
    for (let told = false; !closing.signal.aborted; ) {
      try {
        face = await serveWebhooks(parts);
        parts.say(`listening for webhooks on ${parts.settings.host}:${face.port}`);
        return;
      } catch (error) {
        if (!InstarError.is(error)) throw error;
        if (!told) parts.say(`${error.message}; trying again`);
        told = true;
        await parts.clock.sleep(AGAIN_MS, closing.signal).catch(() => undefined);
      }
    }
  })();
  listening.catch((error: unknown) => parts.say(`webhooks are not heard: ${String(error)}`));
  return {
    close: async () => {
      closing.abort();
      await listening.catch(() => undefined);
      await face?.close();
    },
  };
}
