import { z } from "zod";
import { plainText } from "../../platform/plain-text.ts";
import { refuse, type WebhookRefusal } from "./webhook-verdict.ts";

/** What may stand in a log line: printable, and no longer than git lets a ref be in practice. */
export const refName = z.string().regex(/^refs\/[^\s~^:?*[\\\p{Cc}]{1,500}$/u, "must be a whole ref");
export const tagName = z.string().regex(/^[^\s~^:?*[\\\p{Cc}]{1,490}$/u, "must be a tag's name");
export const commitName = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, "must be a commit's name");
export const repositoryName = z.string().min(1).max(500);

/** What git says of a ref that is gone. */
export const isNoCommit = (commit: string) => /^0+$/.test(commit);

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

export const notAnObject = (): WebhookRefusal => refuse(400, "INPUT_INVALID", "the body is JSON, but no object");

/** Says where the first mistake is, never what stands there. */
export function explainMistake(what: string, error: z.ZodError): WebhookRefusal {
  const [issue] = error.issues;
  const at = issue === undefined || issue.path.length === 0 ? "its body" : issue.path.join(".");
  return refuse(400, "INPUT_INVALID", `${what} is not as it should be: ${at}: ${plainText(issue?.message ?? "", 120)}`);
}

/** A header of the sender that is only shown: cut, and on one line. */
export function shownHeader(headers: Readonly<Record<string, string>>, name: string): string | null {
  const shown = plainText(headers[name] ?? "", 100);
  return shown === "" ? null : shown;
}
