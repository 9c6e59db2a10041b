import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { plainText } from "../../platform/plain-text.ts";
import type { WebhookSettings } from "../../settings/webhook-settings.ts";
import { answer, answerProblem, type WebhookRefused } from "./answer-webhook.ts";
import { createSenderThrottle, type FailureCount, type ThrottledSender } from "./count-failures.ts";
import { readBody, skipRest } from "./read-body.ts";

export type Hook = "github" | "gitlab" | "generic";

/** What was made of one webhook by whoever judges it: this face only carries. */
export type Heard<News> = { readonly kind: "accepted"; readonly about: News } | { readonly kind: "ignored"; readonly because: string } | WebhookRefused;

export interface WebhookFaceParts<News, Failures> {
  readonly settings: Pick<WebhookSettings, "host" | "maxBytes" | Hook>;
  /** 0 lets the system choose, for tests. */
  readonly port: number;
  /** See createWebhookHearing. */
  readonly hear: (hook: Hook, request: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }) => Promise<Heard<News>>;
  /** See throttle-failures.ts. */
  readonly failures: FailureCount<Failures>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Called after the answer was given, which it does not change. */
  readonly onAccepted: (hook: Hook, about: News) => void | Promise<void>;
}

export interface WebhookFace {
  readonly port: number;
  close(): Promise<void>;
}

const AT_ONCE = 64;
/** Senders give up after ten seconds; nobody honest needs them for a body that fits. */
const BODY_WITHIN_MS = 10_000;

/**
 * A door for webhooks and nothing else: POST /webhooks/<kind> where the kind is configured. It does not lead to the protocol, and what it lets in is a hint.
 *
 * @throws InstarError PORT_IN_USE, PLATFORM_FAILED
 */
export async function serveWebhooks<News, Failures>(parts: WebhookFaceParts<News, Failures>): Promise<WebhookFace> {
  const closing = new AbortController();
  const door = { ...parts, closing: closing.signal, throttle: createSenderThrottle(parts.failures, parts.clock) };
  let busy = 0;
  const server = createServer({ connectionsCheckingInterval: 5_000 }, (request, response) => {
    busy += 1;
    response.once("close", () => {
      busy -= 1;
    });
    const heard = busy > AT_ONCE ? Promise.resolve(answerProblem(response, tooMany("too many webhooks at once"), 1_000)) : hearOne(door, request, response);
    heard.catch((error: unknown) => failOne(door, response, error)).finally(() => skipRest(request, parts.clock, closing.signal));
  });
  // By the machine's own time, for who does not even send a whole head; what comes after it is timed by the clock.
  server.headersTimeout = BODY_WITHIN_MS;
  server.requestTimeout = BODY_WITHIN_MS * 3;
  server.maxConnections = AT_ONCE * 4;
  await listen(server, parts);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((closed) => {
        closing.abort(new Error("the door for webhooks is closed"));
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { port, settings: { host }, say }: Pick<WebhookFaceParts<unknown, unknown>, "port" | "settings" | "say">): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new InstarError("PORT_IN_USE", `webhooks cannot be heard on port ${port}: something listens there`, { cause, facts: { port } })
          : new InstarError("PLATFORM_FAILED", `webhooks cannot be heard on ${host}:${port}`, { cause, facts: { host, port } }),
      ),
    );
    server.listen(port, host, () => {
      server.on("error", (error) => say(`the door for webhooks: ${error.message}`));
      resolve();
    });
  });
}

interface Door<News> extends Omit<WebhookFaceParts<News, never>, "failures"> {
  readonly closing: AbortSignal;
  readonly throttle: (address: string) => ThrottledSender;
}

async function hearOne<News>(door: Door<News>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { settings, clock, closing, hear, onAccepted } = door;
  const hook = hookOf(request, settings);
  if (hook === undefined) return answerProblem(response, { kind: "refused", status: 404, code: "NOT_FOUND", because: "there is nothing here" });
  const read = await readBody(request, { maxBytes: settings.maxBytes, withinMs: BODY_WITHIN_MS, clock, signal: closing });
  if (read.kind === "gone") return;
  const heard = read.kind === "refused" ? read : await hear(hook, { headers: plainHeaders(request), body: read.body });
  if (heard.kind === "refused") return refuseOne(door, hook, heard, response);
  answer(response, 202, { kind: heard.kind, because: heard.kind === "accepted" ? "the source will be asked" : heard.because });
  if (heard.kind === "accepted") await onAccepted(hook, heard.about);
}

/** Only what is configured is there, and only to be posted to. */
function hookOf(request: IncomingMessage, settings: Pick<WebhookSettings, Hook>): Hook | undefined {
  const name = /^\/webhooks\/(github|gitlab|generic)(\?|$)/.exec(request.url ?? "")?.[1] as Hook | undefined;
  return request.method === "POST" && name !== undefined && settings[name] !== undefined ? name : undefined;
}

/** What comes twice, Node joins with commas; no proof looks like that. */
function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/**
 * Who fails again and again is told to wait, and is not told of each time in the log. He is judged all the same: behind a proxy all have one address, and
 * a stranger must not shut the true sender out.
 */
function refuseOne<News>({ throttle, say }: Door<News>, hook: Hook, refused: WebhookRefused, response: ServerResponse): void {
  const address = response.req.socket.remoteAddress ?? "somewhere";
  const throttled = refused.status === 401 ? throttle(address) : undefined;
  if (throttled?.beginsEpisode) say(`webhooks (${hook}) from ${address} are refused again and again; whoever goes on is told to wait`);
  if (throttled === undefined || throttled.retryAfterMs === null) {
    say(`a webhook (${hook}) from ${address} was refused: ${plainText(refused.because, 300)}`);
    answerProblem(response, refused);
  } else answerProblem(response, tooMany("too many webhooks that were not signed as they should be"), throttled.retryAfterMs);
}

/** Of what went wrong on our side a sender learns nothing: paths are not his. */
function failOne<News>({ say, closing }: Door<News>, response: ServerResponse, error: unknown): void {
  if (closing.aborted) return;
  say(`a webhook could not be dealt with: ${plainText(error instanceof Error ? error.message : String(error), 300)}`);
  answerProblem(response, { kind: "refused", status: 500, code: "PLATFORM_FAILED", because: "Instar cannot judge this now; its log says why" });
}

const tooMany = (because: string): WebhookRefused => ({ kind: "refused", status: 429, code: "RATE_LIMITED", because });
