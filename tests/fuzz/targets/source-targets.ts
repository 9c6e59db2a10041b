import { createHash, createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { InstarError } from "@instar/protocol";
import { chooseBranch, chooseTag, parseAdvertisement } from "../../../packages/instar/src/sources/choose-ref.ts";
import { classifyBump } from "../../../packages/instar/src/sources/classify-bump.ts";
import { decidePackage } from "../../../packages/instar/src/sources/decide-package.ts";
import { diffCommits } from "../../../packages/instar/src/sources/diff-commits.ts";
import { listTreeEdits } from "../../../packages/instar/src/sources/edit-tree.ts";
import { judgeArchiveAnswer } from "../../../packages/instar/src/sources/endpoint/judge-archive-answer.ts";
import { parseEndpointAnswer } from "../../../packages/instar/src/sources/endpoint/parse-endpoint-answer.ts";
import { compileGlob } from "../../../packages/instar/src/sources/files/compile-glob.ts";
import type { GitMirror } from "../../../packages/instar/src/sources/git-mirror.ts";
import { listTree } from "../../../packages/instar/src/sources/list-tree.ts";
import { chooseDigest, createIntegrityCheck } from "../../../packages/instar/src/sources/npm/check-integrity.ts";
import { chooseVersion, findNamedVersion } from "../../../packages/instar/src/sources/npm/choose-version.ts";
import { judgeVersion, noteVersion, type VersionQuestion } from "../../../packages/instar/src/sources/npm/judge-version.ts";
import { parsePackument, parseVersion } from "../../../packages/instar/src/sources/npm/parse-packument.ts";
import { planParts } from "../../../packages/instar/src/sources/npm/platform-parts.ts";
import { parsePackageVersion } from "../../../packages/instar/src/sources/parse-package-version.ts";
import { collect, readBlobs } from "../../../packages/instar/src/sources/read-blobs.ts";
import { readCommit } from "../../../packages/instar/src/sources/read-commit.ts";
import {
  judgeGithubSignature,
  judgeGitlabToken,
  judgeInstarSignature,
  judgeStandardSignature,
  type SignedBody,
} from "../../../packages/instar/src/sources/webhook/judge-signature.ts";
import { judgeWebhook, type WebhookRules } from "../../../packages/instar/src/sources/webhook/judge-webhook.ts";
import { parseSigningKey } from "../../../packages/instar/src/sources/webhook/parse-signing-key.ts";
import { readWebhookSecrets } from "../../../packages/instar/src/sources/webhook/read-webhook-secrets.ts";
import { COMMIT, githubPush, gitlabPush, hexSignature, signGithub, signStandard } from "../../../packages/instar/src/sources/webhook/sign-webhook.testing.ts";
import type { Hook } from "../../../packages/instar/src/sources/webhook/webhook-verdict.ts";
import { assertHolds, assertInside, type FuzzTarget, seedOf, textOf } from "../fuzz-target.ts";

const SRI = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
const REGISTRY = new URL("https://registry.npmjs.org/");
const QUESTION: VersionQuestion = {
  agentNode: "24.16.0",
  platform: { os: "linux", cpu: "x64", libc: "glibc" },
  allowsDeprecated: false,
  registry: REGISTRY,
  limits: { unpacked: { unpackedBytes: 1_000_000 } },
};
const PACKUMENT = {
  name: "agent",
  "dist-tags": { latest: "1.1.0", next: "2.0.0-rc.1" },
  versions: Object.fromEntries(
    ["1.0.0", "1.1.0", "2.0.0-rc.1"].map((version) => [
      version,
      {
        name: "agent",
        version,
        dist: {
          tarball: `${version === "1.0.0" ? "http://elsewhere.example" : REGISTRY.origin}/agent/-/agent-${version}.tgz`,
          integrity: SRI,
          unpackedSize: 9,
        },
        engines: { node: ">=20" },
        os: ["linux", "!win32"],
        cpu: "any",
        optionalDependencies: { "@agent/linux-x64": "npm:@agent/bin@1.0.0-linux-x64" },
      },
    ]),
  ),
  time: { "1.1.0": "2026-01-02T03:04:05.678Z" },
};

const SECRET = "0123456789abcdef";
const NOW_MS = Date.UTC(2026, 0, 2);
const RULES: WebhookRules = {
  secrets: [SECRET],
  signingSecrets: [],
  repositories: ["Codertocat/Hello-World", "mike/diaspora"],
  refs: ["refs/heads/ma*", "refs/tags/v*.*"],
  freshWithinMs: 300_000,
  nowMs: NOW_MS,
};
const RELEASED = { action: "published", release: { tag_name: "v1.0" }, repository: { full_name: "Codertocat/Hello-World" } };

/** What git calls a file with this content. */
const objectOf = (content: string) => createHash("sha1").update(`blob ${content.length}\0${content}`).digest("hex");
const blobOf = (content: string) => `${objectOf(content)} blob ${content.length}\n${content}\n`;
const TREE = [`100644 blob ${COMMIT}       9`, `100755 blob ${COMMIT}       0`, `120000 blob ${objectOf("n0")}       2`, `160000 commit ${COMMIT}       -`]
  .map((entry, at) => `${entry}\tfolder/n${at}\0`)
  .join("");
const LOG = [COMMIT, COMMIT, "", "1767323045", "Ada", "ada@example.org", "Ada", "ada@example.org", "a subject", ""].join("\0");
const DIFF =
  `:100644 100644 ${COMMIT} ${COMMIT} M\0a.js\0:000000 100755 ${COMMIT} ${COMMIT} A\0b\tc\0:100644 100644 ${COMMIT} ${COMMIT} R086\0old\0new\0` +
  "1\t2\ta.js\0-\t-\tb\tc\x000\t3\t\0old\0new\0";

export const SOURCE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "endpoint-answer",
    seeds: [
      seedOf('{"version":"1.0.0","url":"https://example.org/a.tgz","sha256":"00"}'),
      seedOf({ version: "1.0.0", archive: "https://example.org/a.tgz", sha256: "0".repeat(64), size: 9 }),
    ],
    parse: (bytes) => parseEndpointAnswer(textOf(bytes), { url: "https://example.org/", contentType: "application/json" }),
  },
  {
    name: "archive-answer",
    seeds: [seedOf("206\ncontent-range: bytes 10-99/100\ncontent-length: 90\ncontent-type: application/gzip")],
    parse: (bytes) => {
      const [status = "", ...lines] = textOf(bytes).split("\n");
      const answer = judgeArchiveAnswer(Number(status), headersOf(lines), { haveBytes: 10, sizeBytes: null, maxBytes: 1_000 });
      if (answer.kind === "write") assertHolds(answer.from === 0 || answer.from === 10, "what is written goes on where it ended, or begins anew");
    },
  },
  {
    name: "packument",
    seeds: [seedOf(PACKUMENT)],
    parse: (bytes) => {
      const packument = parsePackument(textOf(bytes), "agent");
      const choices = [{ tag: "latest" }, { tag: "next", range: "^1" }].map((wanted) =>
        attempt(() => chooseVersion(packument, { package: "agent", ...wanted })),
      );
      const named = ["1", "next", "1.0.0"].map((wanted) => attempt(() => findNamedVersion(packument, wanted)));
      for (const choice of [...choices, ...named]) {
        if (choice === undefined) continue;
        assertHolds(Object.hasOwn(packument.versions, choice.version), "what is chosen is there");
        const manifest = attempt(() => parseVersion(choice.manifest, "agent", choice.version));
        if (manifest === undefined) continue;
        noteVersion(manifest, null);
        for (const part of planParts(manifest.optionalDependencies, QUESTION.platform))
          assertHolds(!/^\/|\.\./.test(part.name), "a part's name is a package's");
        if (judgeVersion(manifest, QUESTION) !== undefined) continue;
        createIntegrityCheck(manifest.integrity);
        const address = new URL(manifest.tarballUrl);
        assertHolds(address.protocol === "https:" || address.origin === REGISTRY.origin, "an archive is asked for over https");
        assertHolds(manifest.unpackedBytes <= 1_000_000, "what is larger than allowed is refused");
      }
    },
  },
  {
    name: "integrity",
    seeds: [seedOf(SRI), seedOf(`sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= ${SRI}?a`), seedOf("da39a3ee5e6b4b0d3255bfef95601890afd80709")],
    parse: (bytes) => {
      const digest = chooseDigest({ integrity: textOf(bytes), shasum: textOf(bytes) });
      if (digest === undefined) return void createIntegrityCheck(textOf(bytes));
      const check = createIntegrityCheck(digest);
      check.hash.update("something that nobody promised");
      try {
        check.assertPromised("it");
      } catch {
        return;
      }
      assertHolds(false, "bytes that were not promised are refused");
    },
  },
  {
    name: "package-version",
    seeds: [seedOf('{"version":"1.2.3"}'), seedOf('[project]\nversion = "1.2.3"\n'), seedOf("1.2.3\n")],
    parse: (bytes) => {
      const text = textOf(bytes);
      for (const files of [{ packageJson: text }, { pyproject: text }, { versionFile: text }]) {
        const version = parsePackageVersion(files);
        if (version === undefined) continue;
        assertInside(version);
        classifyBump("1.2.3", version);
      }
    },
  },
  {
    name: "webhook-github",
    seeds: [seedOf(githubPush()), seedOf(githubPush({ deleted: true, ref: "refs/tags/v1.0" }))],
    parse: (bytes) => hear("github", signBytes(bytes, "push")),
  },
  { name: "webhook-github-release", seeds: [seedOf(RELEASED)], parse: (bytes) => hear("github", signBytes(bytes, "release")) },
  {
    name: "webhook-github-form",
    seeds: [seedOf(`payload=${encodeURIComponent(JSON.stringify(githubPush()))}`)],
    parse: (bytes) => hear("github", signBytes(bytes, "push", "application/x-www-form-urlencoded")),
  },
  {
    name: "webhook-gitlab",
    seeds: [seedOf(gitlabPush()), seedOf({ object_kind: "release", action: "create", tag: "v1.0", project: { path_with_namespace: "mike/diaspora" } })],
    parse: (bytes) => hear("gitlab", { headers: { "content-type": "application/json", "x-gitlab-token": SECRET }, body: bytes }),
  },
  {
    name: "webhook-generic",
    seeds: [seedOf({ ref: "refs/heads/main", commit: COMMIT, version: "1.0.0" }), seedOf({ occasion: "committed", versionTo: "1.0.0" })],
    parse: (bytes) => hear("generic", { headers: { "content-type": "application/json", "x-instar-signature": hmac(bytes) }, body: bytes }),
  },
  {
    name: "webhook-signature",
    seeds: [seedOf(hexSignature(SECRET, "{}")), seedOf(signStandard("{}", SECRET, { atMs: NOW_MS }).headers["webhook-signature"] ?? "")],
    parse: (bytes) => {
      const [shown, body] = [textOf(bytes), Buffer.from("{}")];
      const expected = hexSignature(SECRET, body);
      for (const isIt of [
        judgeGithubSignature({ headers: { "x-hub-signature-256": shown }, body }, [SECRET]),
        judgeInstarSignature({ headers: { "x-instar-signature": shown }, body }, [SECRET]),
      ])
        assertHolds((isIt === undefined) === (shown.toLowerCase() === expected), "one signature is right, and no other");
      assertHolds((judgeGitlabToken({ headers: { "x-gitlab-token": shown }, body }, [SECRET]) === undefined) === (shown === SECRET), "one token is right");
      const { headers } = signStandard("{}", SECRET, { atMs: NOW_MS });
      const digest = Buffer.from((headers["webhook-signature"] ?? "").slice("v1,".length), "base64");
      const isRight = shown.split(" ").some((each) => each.startsWith("v1,") && Buffer.from(each.slice("v1,".length), "base64").equals(digest));
      const judged = judgeStandardSignature({ headers: { ...headers, "webhook-signature": shown }, body }, { ...RULES });
      assertHolds(judged !== undefined || isRight, "what is not signed is refused");
    },
  },
  {
    name: "webhook-headers",
    seeds: [seedOf({ ...signStandard("{}", SECRET, { atMs: NOW_MS }).headers }), seedOf({ ...signGithub("push", "{}", SECRET).headers })],
    parse: (bytes) => {
      const headers = Object.fromEntries(
        textOf(bytes)
          .split('","')
          .map((each) => each.split('":"'))
          .map(([name = "", value = ""]) => [name, value]),
      );
      for (const hook of ["github", "gitlab", "generic"] as const) judgeWebhook(hook, { headers, body: Buffer.from("{}") }, RULES);
    },
  },
  {
    name: "signing-key",
    seeds: [seedOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), seedOf(SECRET)],
    parse: (bytes) => assertHolds(parseSigningKey(textOf(bytes))?.length !== 0, "no key is empty"),
  },
  {
    name: "webhook-secrets",
    tasteInputs: 100,
    seeds: [seedOf(`${SECRET}\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n`)],
    parse: async (bytes, scratch) => {
      writeFileSync(join(scratch, "secrets"), bytes);
      for (const secret of await readWebhookSecrets(join(scratch, "secrets"))) assertHolds(secret.length >= 16, "no secret is short");
    },
  },
  {
    name: "git-advertisement",
    seeds: [
      seedOf(`ref: refs/heads/main\tHEAD\n${COMMIT}\tHEAD\n${COMMIT}\trefs/heads/release/1.10\n${COMMIT}\trefs/tags/v1.2.3\n${COMMIT}\trefs/tags/v1.2.3^{}\n`),
    ],
    parse: (bytes) => {
      const { refs } = parseAdvertisement(textOf(bytes));
      const isThere = (chosen: { ref: string; commit: string } | undefined) =>
        chosen === undefined || refs.some(({ ref, commit }) => ref === chosen.ref && commit === chosen.commit);
      assertHolds(isThere(chooseTag(refs, "*v*", true)) && isThere(chooseBranch(refs, "release/*")), "what is chosen was advertised");
      for (const { commit } of refs) assertHolds(/^[0-9a-f]{40,64}$/.test(commit), "a commit's name is one");
    },
  },
  {
    name: "git-tree",
    tasteInputs: 200,
    seeds: [
      seedOf(TREE),
      seedOf(TREE.slice(0, TREE.indexOf("160000"))),
      ...["../evil", "a/.GIT/config", "a\\..\\b"].map((path) => seedOf(`100644 blob ${COMMIT}       3\t${path}\0`)),
    ],
    parse: async (bytes) => {
      const entries = await listTree(answering(bytes, seedOf(blobOf("n0"))), COMMIT);
      const decision = decidePackage({ entries, startCommand: ["node", "folder/n0"], agentDirectory: ".", hasBuild: true });
      // A backslash is a letter of a name here, and a separator elsewhere: it leads nowhere either way.
      const parts = entries.flatMap(({ path }) => path.split(/[/\\]/));
      assertHolds(
        decision.kind === "refused" || !parts.some((part) => ["", ".", "..", ".git"].includes(part.toLowerCase()) || part.includes("\0")),
        "a path stays inside",
      );
    },
  },
  { name: "git-diff", tasteInputs: 200, seeds: [seedOf(DIFF)], parse: (bytes) => diffCommits(answering(bytes), COMMIT, COMMIT) },
  { name: "git-tree-edits", tasteInputs: 200, seeds: [seedOf(DIFF)], parse: (bytes) => listTreeEdits(answering(bytes), COMMIT, COMMIT) },
  {
    name: "git-log",
    tasteInputs: 200,
    seeds: [seedOf(LOG), seedOf(`${LOG}${LOG}`)],
    parse: async (bytes) => {
      const { at, author, subject, authors } = await readCommit(answering(bytes), COMMIT, { since: COMMIT });
      assertHolds(!Number.isNaN(Date.parse(at)), "a commit has a time");
      assertHolds(![author, subject, ...authors].some((text) => /\p{Cc}/u.test(text)), "no control character comes through");
    },
  },
  {
    name: "git-blobs",
    tasteInputs: 200,
    seeds: [seedOf(`${blobOf("hello")}${blobOf("")}`)],
    parse: async (bytes) => {
      const sizes: number[] = [];
      await readBlobs(answering(bytes), [objectOf("hello"), objectOf("")], async (blob) => {
        const taken = await collect(blob);
        assertHolds(taken.length === blob.sizeBytes, "a blob has as many bytes as are announced");
        sizes.push(taken.length);
      });
    },
  },
  {
    name: "glob",
    seeds: [seedOf("**/*.{js,ts}"), seedOf("a/[!a-z]?/\\*"), seedOf("[]-]x{a,b{c}}")],
    parse: (bytes) => compileGlob(textOf(bytes)).test("a"),
  },
];

const hmac = (bytes: Buffer) => `sha256=${createHmac("sha256", SECRET).update(bytes).digest("hex")}`;

function signBytes(body: Buffer, event: string, type = "application/json"): SignedBody {
  return { headers: { "content-type": type, "x-github-event": event, "x-hub-signature-256": hmac(body) }, body };
}

function hear(hook: Hook, request: SignedBody): void {
  const verdict = judgeWebhook(hook, request, RULES);
  if (verdict.kind !== "accepted") return;
  const { ref, commit, repository } = verdict.about;
  assertHolds(ref === null || /^refs\/(heads\/ma|tags\/v)\P{Cc}*$/u.test(ref), "only what is followed is accepted");
  assertHolds(commit === null || /^[0-9a-f]{40,64}$/.test(commit), "a commit's name is one");
  assertHolds(hook === "generic" || RULES.repositories.includes(repository ?? ""), "only who is listened to is accepted");
}

/** Undefined where it refuses: what else is thrown goes on. */
function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (error) {
    if (InstarError.is(error)) return undefined;
    throw error;
  }
}

/** A mirror in which git says this, whatever it is asked; `blobs` where it is asked for the bytes of files. */
function answering(stdout: Buffer, blobs = stdout): GitMirror {
  const unasked = async () => {
    throw new Error("nobody asks for this here");
  };
  return {
    run: async () => ({ status: 0, stdout, stderr: "" }),
    start: () => ({ stdout: Readable.from([blobs]), finished: Promise.resolve({ status: 0, stderr: "" }), stop: () => undefined }),
    prepare: unasked,
    mayHave: unasked,
    clear: unasked,
  };
}

function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const [name = "", value = ""] = line.split(": ");
    // What fetch itself does not let through never comes here.
    if (/^[a-z-]+$/.test(name) && /^[ -~]*$/.test(value)) headers.append(name, value);
  }
  return headers;
}
