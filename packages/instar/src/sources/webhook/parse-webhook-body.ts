import { parseBoundedJson } from "../../platform/parse-bounded-json.ts";
import type { SignedBody } from "./judge-signature.ts";
import { refuse, type WebhookRefusal } from "./webhook-verdict.ts";

/** The JSON of a body. GitHub can also be told to send it as a form with one field, `payload`. Pure. */
export function parseWebhookBody({ headers, body }: SignedBody, acceptsForm: boolean): { readonly kind: "json"; readonly value: unknown } | WebhookRefusal {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const isForm = acceptsForm && type === "application/x-www-form-urlencoded";
  if (type !== "application/json" && !isForm) return refuse(415, "INPUT_INVALID", "its Content-Type is not application/json");
  const text = decodeText(body);
  if (text === undefined) return refuse(400, "INPUT_INVALID", "the body is not UTF-8");
  const json = isForm ? payloadOf(text) : text;
  if (json === undefined) return refuse(400, "INPUT_INVALID", "the form has not one field payload");
  const parsed = parseBoundedJson(json);
  return parsed.kind === "json" ? parsed : refuse(400, "INPUT_INVALID", `the body ${parsed.because}`);
}

function decodeText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function payloadOf(form: string): string | undefined {
  const found = new URLSearchParams(form).getAll("payload");
  return found.length === 1 ? found[0] : undefined;
}
