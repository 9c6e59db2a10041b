import { z } from "zod";
import { commitName, explainMistake, isObject, notAnObject, refName, shownHeader } from "./event-fields.ts";
import { ignore, type ParsedEvent } from "./webhook-verdict.ts";

const version = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, "must be a version");
const hint = z.object({ ref: refName.optional(), commit: commitName.optional(), version: version.optional() });
/** Of what Instar's notifications tell, see plan-notifications.ts. */
const notification = z.object({ occasion: z.string(), versionTo: version.nullish() });

/** A hint of whoever has the secret, all of it optional, or what another Instar tells. Other fields are the sender's own affair. Pure. */
export function parseGenericEvent(headers: Readonly<Record<string, string>>, value: unknown): ParsedEvent {
  if (!isObject(value)) return notAnObject();
  return "occasion" in value ? parseNotification(headers, value) : parseHint(headers, value);
}

/** Another instance that runs a version says that there is one; that it went back or waits says nothing of ours. */
function parseNotification(headers: Readonly<Record<string, string>>, value: unknown): ParsedEvent {
  const parsed = notification.safeParse(value);
  if (!parsed.success) return explainMistake("the notification", parsed.error);
  if (parsed.data.occasion !== "committed") return ignore("of another Instar only what it committed counts");
  const delivery = shownHeader(headers, "x-instar-delivery");
  return { kind: "news", about: { repository: null, ref: null, commit: null, version: parsed.data.versionTo ?? null, event: "committed", delivery } };
}

function parseHint(headers: Readonly<Record<string, string>>, value: unknown): ParsedEvent {
  const parsed = hint.safeParse(value);
  if (!parsed.success) return explainMistake("the hint", parsed.error);
  const { ref = null, commit = null, version: named = null } = parsed.data;
  return { kind: "news", about: { repository: null, ref, commit, version: named, event: "hint", delivery: shownHeader(headers, "webhook-id") } };
}
