import { z } from "zod";
import { commitName, explainMistake, isNoCommit, isObject, notAnObject, refName, repositoryName, shownHeader, tagName } from "./event-fields.ts";
import { ignore, type ParsedEvent, refuse } from "./webhook-verdict.ts";

const repository = z.object({ full_name: repositoryName });
/** Of an annotated tag `after` names the tag; the commit is head_commit's. */
const push = z.object({
  ref: refName,
  after: commitName,
  deleted: z.boolean().default(false),
  head_commit: z.object({ id: commitName }).nullish(),
  repository,
});
const release = z.object({ action: z.string(), release: z.object({ tag_name: tagName, draft: z.boolean().default(false) }), repository });

/** A push or a published release as GitHub tells it. The event's name is in a header that nobody signs, so the body must fit it. Pure. */
export function parseGithubEvent(headers: Readonly<Record<string, string>>, value: unknown): ParsedEvent {
  if (!isObject(value)) return notAnObject();
  const event = shownHeader(headers, "x-github-event");
  const delivery = shownHeader(headers, "x-github-delivery");
  if (event === null) return refuse(400, "INPUT_INVALID", "there is no X-GitHub-Event");
  if (event === "ping") return ignore("a ping: the webhook works");
  if (event === "push") return parsePush(value, delivery);
  if (event === "release") return parseRelease(value, delivery);
  return ignore(`the event ${event} says nothing of what is followed; push and release do`);
}

function parsePush(value: unknown, delivery: string | null): ParsedEvent {
  const parsed = push.safeParse(value);
  if (!parsed.success) return explainMistake("the push", parsed.error);
  const { ref, after, deleted, head_commit, repository } = parsed.data;
  if (deleted || isNoCommit(after)) return ignore(`${ref} was deleted`);
  const commit = head_commit?.id ?? (ref.startsWith("refs/tags/") ? null : after);
  return { kind: "news", about: { repository: repository.full_name, ref, commit, version: null, event: "push", delivery } };
}

function parseRelease(value: unknown, delivery: string | null): ParsedEvent {
  const parsed = release.safeParse(value);
  if (!parsed.success) return explainMistake("the release", parsed.error);
  const { action, release: found, repository } = parsed.data;
  if (action !== "published" || found.draft) return ignore("the release is not one that was just published");
  const about = { repository: repository.full_name, ref: `refs/tags/${found.tag_name}`, commit: null, version: found.tag_name, event: "release", delivery };
  return { kind: "news", about };
}
