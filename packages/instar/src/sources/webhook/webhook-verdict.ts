import type { ErrorCode } from "@instar/protocol";

export type Hook = "github" | "gitlab" | "generic";

/** What a webhook tells. Only a hint that something changed: nothing is fetched because of what stands here. */
export interface WebhookNews {
  /** As it is configured: `owner/name`; null for the generic kind. */
  readonly repository: string | null;
  /** Whole, such as `refs/heads/main`; null where none is told. */
  readonly ref: string | null;
  readonly commit: string | null;
  readonly version: string | null;
  readonly event: string;
  /** The sender's own number of it, where it gives one. */
  readonly delivery: string | null;
}

export interface WebhookRefusal {
  readonly kind: "refused";
  /** Of HTTP. */
  readonly status: number;
  readonly code: ErrorCode;
  /** For the sender to read; says nothing of a secret. */
  readonly because: string;
}

export interface WebhookIgnored {
  readonly kind: "ignored";
  readonly because: string;
}

/** What a payload tells, before it is asked whether anybody listens to it. */
export type ParsedEvent = { readonly kind: "news"; readonly about: WebhookNews } | WebhookIgnored | WebhookRefusal;

export type WebhookVerdict = { readonly kind: "accepted"; readonly about: WebhookNews } | WebhookIgnored | WebhookRefusal;

export const refuse = (status: number, code: ErrorCode, because: string): WebhookRefusal => ({ kind: "refused", status, code, because });
export const ignore = (because: string): WebhookIgnored => ({ kind: "ignored", because });
