import { judgeGithubSignature, judgeGitlabToken, judgeInstarSignature, judgeStandardSignature, type SignedBody } from "./judge-signature.ts";
import { parseGenericEvent } from "./parse-generic-event.ts";
import { parseGithubEvent } from "./parse-github-event.ts";
import { parseGitlabEvent } from "./parse-gitlab-event.ts";
import { parseWebhookBody } from "./parse-webhook-body.ts";
import { type Hook, ignore, type ParsedEvent, refuse, type WebhookNews, type WebhookRefusal, type WebhookVerdict } from "./webhook-verdict.ts";

export interface WebhookRules {
  /** The current secret and, while it is exchanged, the one before. */
  readonly secrets: readonly string[];
  /** Of GitLab's signing token. Where there is one, what is not signed is refused. */
  readonly signingSecrets: readonly string[];
  /** `owner/name`; case does not count. Not asked for the generic kind. */
  readonly repositories: readonly string[];
  /** Whole refs in which `*` stands for anything, such as `refs/tags/v*`; none means all. */
  readonly refs: readonly string[];
  readonly freshWithinMs: number;
  /** Wall time. */
  readonly nowMs: number;
}

/**
 * What becomes of one webhook. Pure. First who sent it, by bytes alone; only then is it parsed: of a stranger's body nothing is looked at. Replays are not
 * judged here, see webhook-deliveries.ts.
 */
export function judgeWebhook(hook: Hook, request: SignedBody, rules: WebhookRules): WebhookVerdict {
  const stranger = judgeSender(hook, request, rules);
  if (stranger !== undefined) return stranger;
  const parsed = parseWebhookBody(request, hook === "github");
  if (parsed.kind === "refused") return parsed;
  const event = parseEvent(hook, request.headers, parsed.value);
  if (event.kind !== "news") return event;
  return judgeNews(hook, event.about, rules);
}

/** Each proof that is configured must be there: a signature that may be left out proves nothing. */
function judgeSender(hook: Hook, request: SignedBody, rules: WebhookRules): WebhookRefusal | undefined {
  if (rules.secrets.length + rules.signingSecrets.length === 0) return refuse(401, "UNAUTHORIZED", "no secret is configured here");
  if (hook === "github") return judgeGithubSignature(request, rules.secrets);
  if (hook === "gitlab")
    return (
      (rules.signingSecrets.length === 0 ? undefined : judgeStandardSignature(request, { ...rules, secrets: rules.signingSecrets })) ??
      (rules.secrets.length === 0 ? undefined : judgeGitlabToken(request, rules.secrets))
    );
  const isInstar = request.headers["webhook-signature"] === undefined && request.headers["x-instar-signature"] !== undefined;
  return isInstar ? judgeInstarSignature(request, rules.secrets) : judgeStandardSignature(request, rules);
}

function parseEvent(hook: Hook, headers: SignedBody["headers"], value: unknown): ParsedEvent {
  if (hook === "github") return parseGithubEvent(headers, value);
  return hook === "gitlab" ? parseGitlabEvent(headers, value) : parseGenericEvent(headers, value);
}

function judgeNews(hook: Hook, about: WebhookNews, { repositories, refs }: WebhookRules): WebhookVerdict {
  const repository = repositories.find((name) => name.toLowerCase() === about.repository?.toLowerCase());
  if (hook !== "generic" && repository === undefined) return refuse(403, "FORBIDDEN", "it is about a repository that is not listened to");
  const { ref } = about;
  if (ref !== null && refs.length > 0 && !refs.some((pattern) => matchesRef(pattern, ref)))
    return ignore(`it is about ${ref}, and ${refs.join(", ")} is followed`);
  return { kind: "accepted", about: { ...about, repository: repository ?? null } };
}

/** Parts between stars are looked for one after another, so that no pattern takes long. */
function matchesRef(pattern: string, ref: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return ref === pattern;
  if (!ref.startsWith(first)) return false;
  let from = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const at = ref.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return ref.length - last.length >= from && ref.endsWith(last);
}
