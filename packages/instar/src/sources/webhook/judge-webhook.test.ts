import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { judgeGithubSignature, judgeStandardSignature, type SignedBody } from "./judge-signature.ts";
import { judgeWebhook, type WebhookRules } from "./judge-webhook.ts";
import { COMMIT, githubPush, gitlabPush, hexSignature, json, signGithub, signStandard, TAG_OBJECT } from "./sign-webhook.testing.ts";

const SECRET = "a secret that two know";
const PREVIOUS = "the one before this one";
const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW = Date.UTC(2026, 10, 29);
const RULES: WebhookRules = {
  secrets: [SECRET, PREVIOUS],
  signingSecrets: [],
  repositories: ["codertocat/hello-world", "mike/diaspora"],
  refs: [],
  freshWithinMs: 300_000,
  nowMs: NOW,
};
const github = (request: SignedBody, rules: Partial<WebhookRules> = {}) => judgeWebhook("github", request, { ...RULES, ...rules });
const push = (more: object = {}) => signGithub("push", json(githubPush(more)), SECRET);
const without = ({ headers, body }: SignedBody, name: string): SignedBody => ({
  headers: Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)),
  body,
});

describe("the examples that the senders publish", () => {
  it("GitHub's: It's a Secret to Everybody", () => {
    const body = Buffer.from("Hello, World!");
    const headers = { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" };
    expect(judgeGithubSignature({ headers, body }, ["It's a Secret to Everybody"])).toBeUndefined();
    expect(judgeGithubSignature({ headers, body: Buffer.from("Hello, World?") }, ["It's a Secret to Everybody"])).toMatchObject({ status: 401 });
  });
  it("Standard Webhooks' reference vector", () => {
    const body = Buffer.from('{"test": 2432232314}');
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const rules = { secrets: [WHSEC], nowMs: 1_614_265_330_000, freshWithinMs: 300_000 };
    expect(judgeStandardSignature({ headers, body }, rules)).toBeUndefined();
    expect(judgeStandardSignature({ headers, body: Buffer.from('{"test": 2432232315}') }, rules)).toMatchObject({ status: 401 });
  });
});

describe("GitHub", () => {
  it("a push to a branch is news", () => {
    expect(github(push())).toEqual({
      kind: "accepted",
      about: {
        repository: "codertocat/hello-world",
        ref: "refs/heads/main",
        commit: COMMIT,
        version: null,
        event: "push",
        delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      },
    });
  });
  it("of an annotated tag the commit is told, and not the tag's own object", () => {
    const about = (more: object) => github(push({ ref: "refs/tags/v1.2.0", after: TAG_OBJECT, ...more }));
    expect(about({})).toMatchObject({ about: { ref: "refs/tags/v1.2.0", commit: COMMIT } });
    expect(about({ head_commit: null })).toMatchObject({ about: { commit: null } });
  });
  it("a release that was published is news; a draft, an edited one and one of another action are not", () => {
    const release = (action: string, draft = false) =>
      github(signGithub("release", json({ action, release: { tag_name: "v1.2.0", draft }, repository: { full_name: "Codertocat/Hello-World" } }), SECRET));
    expect(release("published")).toMatchObject({ kind: "accepted", about: { ref: "refs/tags/v1.2.0", version: "v1.2.0", commit: null } });
    for (const ignored of [release("edited"), release("created"), release("published", true)]) expect(ignored.kind).toBe("ignored");
  });
  it("a ping, a deleted ref and events of no interest are ignored with the reason", () => {
    expect(github(signGithub("ping", json({ zen: "Design for failure.", hook_id: 1 }), SECRET))).toEqual({
      kind: "ignored",
      because: "a ping: the webhook works",
    });
    expect(github(push({ deleted: true, after: "0".repeat(40), head_commit: null }))).toEqual({ kind: "ignored", because: "refs/heads/main was deleted" });
    expect(github(signGithub("issues", json({ action: "opened" }), SECRET))).toMatchObject({ kind: "ignored", because: expect.stringContaining("issues") });
  });
  it("refs of no interest are ignored; a star stands for anything", () => {
    expect(github(push(), { refs: ["refs/heads/stable"] })).toEqual({
      kind: "ignored",
      because: "it is about refs/heads/main, and refs/heads/stable is followed",
    });
    for (const refs of [["refs/heads/ma*"], ["refs/*/main"], ["refs/tags/v*", "refs/heads/main"]]) expect(github(push(), { refs }).kind).toBe("accepted");
    for (const refs of [["refs/heads/mai"], ["refs/heads/main*n"], ["main"], ["refs/*/*/main"]]) expect(github(push(), { refs }).kind).toBe("ignored");
  });
  it("is taken as a form too, signed as it came", () => {
    const body = `payload=${encodeURIComponent(json(githubPush()))}`;
    const form = (text: string) => signGithub("push", text, SECRET, { "content-type": "application/x-www-form-urlencoded" });
    expect(github(form(body)).kind).toBe("accepted");
    expect(github(form(`${body}&payload=%7B%7D`))).toMatchObject({ status: 400 });
    expect(github(form("other=1"))).toMatchObject({ status: 400 });
  });
  it("the secret before this one counts while both are configured", () => {
    const request = signGithub("push", json(githubPush()), PREVIOUS);
    expect(github(request).kind).toBe("accepted");
    expect(github(request, { secrets: [SECRET] })).toMatchObject({ status: 401 });
  });
});

describe("a webhook that is refused", () => {
  const refused = (status: number, because: RegExp | string) => ({
    kind: "refused",
    status,
    because: expect.stringMatching(because),
  });
  it("unsigned", () => {
    expect(github(without(push(), "x-hub-signature-256"))).toEqual(expect.objectContaining(refused(401, "no X-Hub-Signature-256")));
    expect(judgeWebhook("generic", { headers: { "content-type": "application/json" }, body: Buffer.from("{}") }, RULES)).toMatchObject({ status: 401 });
    expect(judgeWebhook("gitlab", { headers: { "content-type": "application/json" }, body: Buffer.from(json(gitlabPush())) }, RULES)).toMatchObject({
      status: 401,
    });
  });
  it("signed with another secret", () => {
    expect(github(signGithub("push", json(githubPush()), "somebody else's secret"))).toMatchObject({ status: 401 });
  });
  it("signed with no secret at all, where none is configured or an empty one is", () => {
    const request = signGithub("push", json(githubPush()), "");
    expect(github(request, { secrets: [] })).toMatchObject({ status: 401 });
    expect(github(request, { secrets: [""] })).toMatchObject({ status: 401 });
    const token = { headers: { "content-type": "application/json", "x-gitlab-token": "" }, body: Buffer.from(json(gitlabPush())) };
    expect(judgeWebhook("gitlab", token, { ...RULES, secrets: [""] })).toMatchObject({ status: 401 });
    expect(judgeWebhook("generic", signStandard("{}", "", { atMs: NOW }), { ...RULES, secrets: ["", "whsec_", "whsec_A", "whsec_%%"] })).toMatchObject({
      status: 401,
    });
  });
  it("signed and altered", () => {
    const { headers, body } = push();
    expect(github({ headers, body: Buffer.from(body.toString().replace("main", "evil")) })).toMatchObject({ status: 401 });
    expect(github({ headers, body: Buffer.concat([body, Buffer.from(" ")]) })).toMatchObject({ status: 401 });
  });
  it("SHA-1 signature only", () => {
    const request = without(push(), "x-hub-signature-256");
    const sha1 = `sha1=${createHmac("sha1", SECRET).update(request.body).digest("hex")}`;
    expect(github({ headers: { ...request.headers, "x-hub-signature": sha1 }, body: request.body })).toEqual(expect.objectContaining(refused(401, "SHA-1")));
    expect(github({ headers: { ...request.headers, "x-hub-signature-256": sha1 }, body: request.body })).toMatchObject({ status: 401 });
  });
  it.each(["", "sha256=", "sha256=00", `sha256=${"0".repeat(64)}`, `sha256=${"g".repeat(64)}`, "0".repeat(64), "sha256=é"])("signed with %j", (signature) => {
    expect(github(signGithub("push", json(githubPush()), SECRET, { "x-hub-signature-256": signature }))).toMatchObject({ status: 401 });
  });
  it("for another repository", () => {
    const request = push({ repository: { full_name: "mallory/hello-world" } });
    expect(github(request)).toMatchObject({ status: 403, code: "FORBIDDEN" });
    expect(json(github(request))).not.toContain("mallory");
  });
  it("not JSON", () => {
    expect(github(signGithub("push", "ref=refs/heads/main", SECRET))).toEqual(expect.objectContaining(refused(400, "is not JSON")));
    expect(github(signGithub("push", "", SECRET))).toEqual(expect.objectContaining(refused(400, "is empty")));
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    expect(github({ headers: { ...push().headers, "x-hub-signature-256": hexSignature(SECRET, bytes) }, body: bytes })).toEqual(
      expect.objectContaining(refused(400, "UTF-8")),
    );
  });
  it.each(["[]", "null", "7", '"push"'])("JSON that is no object: %s", (body) => {
    expect(github(signGithub("push", body, SECRET))).toEqual(expect.objectContaining(refused(400, "no object")));
  });
  it("deeply nested JSON", () => {
    expect(github(signGithub("push", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, SECRET))).toEqual(
      expect.objectContaining(refused(400, "nested deeper")),
    );
    expect(github(signGithub("push", "[".repeat(1_000_000), SECRET))).toEqual(expect.objectContaining(refused(400, "nested deeper")));
  });
  it("JSON that is something else than its event says", () => {
    expect(github(push({ ref: "main; rm -rf /" }))).toEqual(expect.objectContaining(refused(400, "ref")));
    expect(github(push({ ref: "refs/heads/\u001b[2J" }))).toMatchObject({ status: 400 });
    expect(github(push({ after: "HEAD" }))).toMatchObject({ status: 400 });
    expect(github(push({ repository: { full_name: ["codertocat/hello-world"] } }))).toMatchObject({ status: 400 });
    expect(github(signGithub("release", json(githubPush()), SECRET))).toMatchObject({ status: 400 });
    expect(github(without(push(), "x-github-event"))).toMatchObject({ status: 400 });
  });
  it("of another content type", () => {
    expect(github(signGithub("push", json(githubPush()), SECRET, { "content-type": "text/plain" }))).toMatchObject({ status: 415 });
    expect(github(without(push(), "content-type"))).toMatchObject({ status: 415 });
    const form = signStandard("payload=%7B%7D", SECRET, { atMs: NOW });
    const headers = { ...form.headers, "content-type": "application/x-www-form-urlencoded" };
    expect(judgeWebhook("generic", { headers, body: form.body }, RULES)).toMatchObject({ status: 415 });
  });
  it("with no secret in the words, whatever is wrong", () => {
    const all = [
      push(),
      signGithub("push", "x", SECRET),
      signGithub("push", "{}", SECRET),
      without(push(), "x-hub-signature-256"),
      signGithub("push", "{}", "other"),
    ];
    for (const request of all) for (const secret of [SECRET, PREVIOUS]) expect(json(github(request))).not.toContain(secret);
  });
});

describe("GitLab", () => {
  const withToken = (value: object, token = SECRET): SignedBody => ({
    headers: { "content-type": "application/json", "x-gitlab-event": "Push Hook", "x-gitlab-token": token, "x-gitlab-event-uuid": "13792a34-cac6-4fda" },
    body: Buffer.from(json(value)),
  });
  const gitlab = (request: SignedBody, rules: Partial<WebhookRules> = {}) => judgeWebhook("gitlab", request, { ...RULES, ...rules });

  it("a push, a tag and a new release are news", () => {
    expect(gitlab(withToken(gitlabPush()))).toMatchObject({
      kind: "accepted",
      about: { repository: "mike/diaspora", ref: "refs/heads/master", commit: gitlabPush().after, event: "push", delivery: "13792a34-cac6-4fda" },
    });
    const tag = gitlabPush({ object_kind: "tag_push", ref: "refs/tags/v1.0.0", after: TAG_OBJECT, checkout_sha: COMMIT });
    expect(gitlab(withToken(tag))).toMatchObject({ kind: "accepted", about: { ref: "refs/tags/v1.0.0", commit: COMMIT } });
    const release = (action: string) => ({
      object_kind: "release",
      action,
      tag: "v1.1",
      commit: { id: COMMIT },
      project: { path_with_namespace: "mike/diaspora" },
    });
    expect(gitlab(withToken(release("create")))).toMatchObject({ kind: "accepted", about: { ref: "refs/tags/v1.1", commit: COMMIT, version: "v1.1" } });
    expect(gitlab(withToken(release("delete"))).kind).toBe("ignored");
  });
  it("a deleted branch and other events are ignored", () => {
    expect(gitlab(withToken(gitlabPush({ after: "0".repeat(40), checkout_sha: null })))).toMatchObject({
      kind: "ignored",
      because: "refs/heads/master was deleted",
    });
    expect(gitlab(withToken({ object_kind: "issue" })).kind).toBe("ignored");
  });
  it("another token, a part of it and one for another project are refused", () => {
    expect(gitlab(withToken(gitlabPush(), "another token of this length"))).toMatchObject({ status: 401 });
    expect(gitlab(withToken(gitlabPush(), SECRET.slice(0, -1)))).toMatchObject({ status: 401 });
    expect(gitlab(withToken(gitlabPush({ project: { path_with_namespace: "mallory/diaspora" } })))).toMatchObject({ status: 403 });
  });
  it("where a signing token is configured, what is not signed is refused, whatever its secret token", () => {
    const rules = { secrets: [], signingSecrets: [WHSEC] };
    const signed = signStandard(json(gitlabPush()), WHSEC, { atMs: NOW });
    expect(gitlab(signed, rules)).toMatchObject({ kind: "accepted", about: { delivery: "msg_1" } });
    expect(gitlab(withToken(gitlabPush(), WHSEC), rules)).toMatchObject({ status: 401 });
    expect(gitlab(withToken(gitlabPush()), { ...rules, secrets: [SECRET] })).toMatchObject({ status: 401 });
    expect(gitlab(signed, { ...rules, secrets: [SECRET] })).toMatchObject({ status: 401 });
    expect(gitlab({ ...signed, headers: { ...signed.headers, "x-gitlab-token": SECRET } }, { ...rules, secrets: [SECRET] }).kind).toBe("accepted");
  });
});

describe("the generic kind", () => {
  const generic = (request: SignedBody, rules: Partial<WebhookRules> = {}) =>
    judgeWebhook("generic", request, { ...RULES, secrets: [WHSEC, SECRET], ...rules });
  it("takes a hint, all of it optional, and ignores what it does not know", () => {
    const hint = (value: object) => generic(signStandard(json(value), WHSEC, { atMs: NOW }));
    expect(hint({ ref: "refs/tags/v2.0.0", commit: COMMIT, version: "2.0.0", type: "released", data: {} })).toEqual({
      kind: "accepted",
      about: { repository: null, ref: "refs/tags/v2.0.0", commit: COMMIT, version: "2.0.0", event: "hint", delivery: "msg_1" },
    });
    expect(hint({}).kind).toBe("accepted");
    expect(hint({ commit: "abc" })).toMatchObject({ status: 400 });
    expect(hint({ version: "1.0.0 && reboot" })).toMatchObject({ status: 400 });
  });
  it("a raw secret does too, and any of several signatures", () => {
    const request = signStandard("{}", SECRET, { atMs: NOW });
    expect(generic(request).kind).toBe("accepted");
    const signature = request.headers["webhook-signature"];
    const several = (text: string) => generic({ ...request, headers: { ...request.headers, "webhook-signature": text } });
    expect(several(`v1a,AAAA v1,AAAA ${signature}`).kind).toBe("accepted");
    expect(several(`v1,AAAA v2${signature?.slice(2)}`)).toMatchObject({ status: 401 });
    expect(several(`${"v1,AAAA ".repeat(50_000)}${signature}`)).toMatchObject({ status: 401 });
  });
  it("with a stale or future timestamp", () => {
    const at = (awayMs: number) => generic(signStandard("{}", WHSEC, { atMs: NOW + awayMs }));
    expect(at(-301_000)).toMatchObject({ status: 401, because: expect.stringContaining("301 s ago") });
    expect(at(301_000)).toMatchObject({ status: 401, because: expect.stringContaining("ahead of this clock") });
    for (const awayMs of [-300_000, 0, 300_000]) expect(at(awayMs).kind).toBe("accepted");
  });
  it("a signature does not hold for another id or another time", () => {
    const request = signStandard("{}", WHSEC, { atMs: NOW });
    const changed = (name: string, value: string) => generic({ ...request, headers: { ...request.headers, [name]: value } });
    expect(changed("webhook-id", "msg_2")).toMatchObject({ status: 401 });
    expect(changed("webhook-timestamp", String(NOW / 1_000 + 1))).toMatchObject({ status: 401 });
    for (const timestamp of ["", "NaN", "1e9", "-1", "9".repeat(400)]) expect(changed("webhook-timestamp", timestamp)).toMatchObject({ status: 401 });
    expect(generic(without(request, "webhook-id"))).toMatchObject({ status: 401 });
  });
  it("hears what another Instar tells, where it committed a version", () => {
    const tell = (value: object, secret = SECRET) => {
      const body = json(value);
      const headers = { "content-type": "application/json", "x-instar-delivery": "n-1", "x-instar-signature": hexSignature(secret, body) };
      return generic({ headers, body: Buffer.from(body) });
    };
    expect(tell({ id: "n-1", occasion: "committed", versionTo: "1.2.0", instance: "ana" })).toMatchObject({
      kind: "accepted",
      about: { version: "1.2.0", event: "committed", delivery: "n-1" },
    });
    expect(tell({ occasion: "rolled-back", versionTo: "1.2.0" }).kind).toBe("ignored");
    expect(tell({ occasion: "committed" }, "another secret that is long")).toMatchObject({ status: 401 });
  });
  it("with both signatures the dated one is asked for: the other cannot be put in its place", () => {
    const request = signStandard("{}", WHSEC, { atMs: NOW - 3_600_000 });
    expect(generic({ ...request, headers: { ...request.headers, "x-instar-signature": hexSignature(SECRET, "{}") } })).toMatchObject({ status: 401 });
  });
});
