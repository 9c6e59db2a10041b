import { z } from "zod";
import { commitName, explainMistake, isNoCommit, isObject, notAnObject, refName, repositoryName, shownHeader, tagName } from "./event-fields.ts";
import { ignore, type ParsedEvent } from "./webhook-verdict.ts";

const project = z.object({ path_with_namespace: repositoryName });
/** Of an annotated tag `after` names the tag; checkout_sha is the commit, and null where the ref was deleted. */
const push = z.object({ ref: refName, after: commitName, checkout_sha: commitName.nullish(), project });
const release = z.object({ action: z.string(), tag: tagName, commit: z.object({ id: commitName }).nullish(), project });

/** A push, a tag or a new release as GitLab tells it: by object_kind of the body, which is signed where anything is. Pure. */
export function parseGitlabEvent(headers: Readonly<Record<string, string>>, value: unknown): ParsedEvent {
  if (!isObject(value)) return notAnObject();
  const delivery = shownHeader(headers, "webhook-id") ?? shownHeader(headers, "x-gitlab-event-uuid");
  const { object_kind: kind } = value;
  if (kind === "push" || kind === "tag_push") return parsePush(kind, value, delivery);
  if (kind === "release") return parseRelease(value, delivery);
  return ignore("it says nothing of what is followed; Push Hook, Tag Push Hook and Release Hook do");
}

function parsePush(event: string, value: unknown, delivery: string | null): ParsedEvent {
  const parsed = push.safeParse(value);
  if (!parsed.success) return explainMistake("the push", parsed.error);
  const { ref, after, checkout_sha, project } = parsed.data;
  if (isNoCommit(after)) return ignore(`${ref} was deleted`);
  const commit = checkout_sha ?? (event === "tag_push" ? null : after);
  return { kind: "news", about: { repository: project.path_with_namespace, ref, commit, version: null, event, delivery } };
}

function parseRelease(value: unknown, delivery: string | null): ParsedEvent {
  const parsed = release.safeParse(value);
  if (!parsed.success) return explainMistake("the release", parsed.error);
  const { action, tag, commit, project } = parsed.data;
  if (action !== "create") return ignore("the release is not one that was just made");
  const about = { repository: project.path_with_namespace, ref: `refs/tags/${tag}`, commit: commit?.id ?? null, version: tag, event: "release", delivery };
  return { kind: "news", about };
}
