import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "openpgp";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { createGitSource } from "../git-source.ts";
import { makeRepository, type TestRepository } from "../make-repository.testing.ts";
import { type GitSigners, proveGitOrigin } from "./prove-git-origin.ts";

const PATH = process.env.PATH ?? "";
const signal = new AbortController().signal;
let keys: string;
let folder: string;
let upstream: TestRepository;
const signers: { -readonly [Key in keyof GitSigners]: GitSigners[Key] } = { allowedSigners: null, openPgpKeys: null };

/** Keys are made once: by far the slowest. */
let anna: { privateKey: string; publicKey: string };
let mallory: { privateKey: string; publicKey: string };
beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), "instar-keys-"));
  for (const name of ["anna", "mallory"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(keys, name)]);
  const make = (name: string, date = new Date("2026-01-01")) =>
    generateKey({ userIDs: [{ name, email: `${name.toLowerCase()}@example.org` }], date, format: "armored" });
  [anna, mallory] = await Promise.all([make("Anna"), make("Mallory")]);
  return () => rmSync(keys, { recursive: true, force: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-origin-"));
  upstream = makeRepository(join(folder, "up"));
  signers.allowedSigners = `anna@example.org ${publicKeyOf("anna")}\n`;
  signers.openPgpKeys = null;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const publicKeyOf = (name: string) => readFileSync(join(keys, `${name}.pub`), "utf8").trim();
const bySsh = (name: string) => ["-c", "gpg.format=ssh", "-c", `user.signingkey=${join(keys, name)}`];
function commitSigned(name: string, message = "signed"): string {
  upstream.git(...bySsh(name), "commit", "--quiet", "--allow-empty", "-S", "-m", message);
  return upstream.git("rev-parse", "HEAD");
}
const open = (more: { tag?: string; path?: string } = {}) =>
  createGitSource({
    remote: upstream.folder,
    mirrorFolder: join(folder, "mirror"),
    path: more.path ?? PATH,
    home: folder,
    ...(more.tag === undefined ? {} : { tag: more.tag }),
    origin: { readSigners: async () => signers, clock: systemClock },
  });

/** As a source does it: looks, fetches, proves. */
async function prove(more: { tag?: string; path?: string } = {}) {
  const source = open(more);
  const { commit, ref } = await source.look();
  await source.fetch(commit, signal, ref);
  return source.proveOrigin(commit, ref, signal);
}
/** Puts bytes of our own in the place of a commit: what a server may give out. */
function rewrite(change: (bytes: Buffer) => Buffer): string {
  const bytes = execFileSync("git", ["cat-file", "commit", "HEAD"], { cwd: upstream.folder });
  const made = execFileSync("git", ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], { cwd: upstream.folder, input: change(bytes) })
    .toString()
    .trim();
  upstream.git("update-ref", "refs/heads/main", made);
  return made;
}

describe("a commit signed by SSH", () => {
  it("is vouched for by whom the list names", async () => {
    commitSigned("anna");
    expect(await prove()).toEqual({
      kind: "ssh",
      by: expect.stringMatching(/^anna@example\.org \(ED25519 SHA256:\S+\)$/),
      because: expect.stringContaining("is signed by anna@example.org"),
    });
  });

  it.each<[string, () => void, string]>([
    ["that is not signed", () => upstream.commit("plain"), "is not signed"],
    ["signed by somebody else", () => commitSigned("mallory"), "does not list"],
    [
      "whose message was changed under the signature",
      () => {
        commitSigned("anna", "harmless");
        rewrite((bytes) => Buffer.from(bytes.toString("latin1").replace("harmless", "harmful!"), "latin1"));
      },
      "is not one of what it stands under",
    ],
    [
      "whose files were changed under the signature",
      () => {
        commitSigned("anna");
        upstream.commit("evil", { "agent.js": "evil" });
        const tree = upstream.git("rev-parse", "HEAD^{tree}");
        upstream.git("reset", "--quiet", "--hard", "HEAD~1");
        rewrite((bytes) => Buffer.from(bytes.toString("latin1").replace(/^tree [0-9a-f]{40}/, `tree ${tree}`), "latin1"));
      },
      "is not one of what it stands under",
    ],
    [
      "with the signature of another commit",
      () => {
        commitSigned("anna", "one");
        const signature = /gpgsig (.|\n)*?-----END SSH SIGNATURE-----\n/.exec(upstream.git("cat-file", "commit", "HEAD"))?.[0] ?? "";
        upstream.commit("two");
        rewrite((bytes) => Buffer.from(bytes.toString("latin1").replace("\n\n", `\n${signature}\n`), "latin1"));
      },
      "is not one of what it stands under",
    ],
    [
      "with two signatures",
      () => {
        commitSigned("anna");
        rewrite((bytes) => Buffer.from(bytes.toString("latin1").replace(/gpgsig (.|\n)*?-----END SSH SIGNATURE-----\n/, "$&$&"), "latin1"));
      },
      "more than one signature",
    ],
    [
      "by a key that may no longer sign, whatever date it writes",
      () => {
        signers.allowedSigners = `anna@example.org valid-before="20200101" ${publicKeyOf("anna")}\n`;
        commitSigned("anna");
      },
      "",
    ],
    [
      "by a key that may sign other things only",
      () => {
        signers.allowedSigners = `anna@example.org namespaces="file" ${publicKeyOf("anna")}\n`;
        commitSigned("anna");
      },
      "",
    ],
    [
      "where only OpenPGP keys are listed",
      () => {
        Object.assign(signers, { allowedSigners: null, openPgpKeys: anna.publicKey });
        commitSigned("anna");
      },
      "source.signers.ssh names nobody",
    ],
    [
      "where nobody is listed",
      () => {
        signers.allowedSigners = null;
        commitSigned("anna");
      },
      "source.signers names nobody",
    ],
    [
      "where the list is empty",
      () => {
        signers.allowedSigners = "";
        commitSigned("anna");
      },
      "does not list",
    ],
  ])("%s is vouched for by nobody", async (_, make, because) => {
    make();
    expect(await prove()).toEqual({ kind: "none", by: null, because: expect.stringContaining(because) });
  });

  it("what follows on a signed one is not signed by it", async () => {
    commitSigned("anna");
    upstream.commit("more");
    expect(await prove()).toMatchObject({ kind: "none" });
  });

  it("cannot be checked without ssh-keygen, which is an error and no answer", async () => {
    commitSigned("anna");
    const bare = join(folder, "bin");
    execFileSync("mkdir", [bare]);
    execFileSync("ln", ["-s", execFileSync("sh", ["-c", "command -v git"]).toString().trim(), join(bare, "git")]);
    await expect(prove({ path: bare })).rejects.toMatchObject({ code: "PLATFORM_FAILED", message: expect.stringContaining("ssh-keygen") });
  });

  it("is not believed under the name of another one", async () => {
    const commit = commitSigned("anna");
    const commitBytes = execFileSync("git", ["cat-file", "commit", commit], { cwd: upstream.folder });
    const question = { ref: "refs/heads/main", commitBytes, tagBytes: null, signers, path: PATH, nowMs: systemClock.wallMs() };
    expect(await proveGitOrigin({ ...question, commit }, signal)).toMatchObject({ kind: "ssh" });
    expect(await proveGitOrigin({ ...question, commit: upstream.commit("unsigned") }, signal)).toMatchObject({
      kind: "none",
      because: expect.stringContaining("is not what its name says"),
    });
  });
});

describe("a tag signed by SSH", () => {
  const tag = (name: string, who: string | null, ...more: string[]) =>
    upstream.git(...(who === null ? [] : bySsh(who)), "tag", who === null ? "-a" : "-s", "-m", name, name, ...more);

  it("vouches for its commit, which nobody signed", async () => {
    upstream.commit("plain");
    tag("v1.0.0", "anna");
    expect(await prove({ tag: "v*" })).toMatchObject({ kind: "ssh", because: expect.stringContaining("tag v1.0.0 is signed by anna@example.org") });
  });

  it.each<[string, () => void, string]>([
    ["that is only a name", () => upstream.git("tag", "v1.0.0"), "is not signed"],
    ["that nobody signed", () => tag("v1.0.0", null), "is not signed"],
    ["that somebody else signed", () => tag("v1.0.0", "mallory"), "does not list"],
    [
      "that was signed under another name",
      () => {
        tag("v1.0.0", "anna");
        upstream.git("update-ref", "refs/tags/v9.0.0", upstream.git("rev-parse", "refs/tags/v1.0.0"));
        upstream.git("update-ref", "-d", "refs/tags/v1.0.0");
      },
      "signed under another name: v1.0.0",
    ],
    [
      "of another tag",
      () => {
        tag("v0.9.0", "anna");
        tag("v1.0.0", "anna", "refs/tags/v0.9.0");
      },
      "of something else than this commit",
    ],
  ])("%s vouches for nothing", async (_, make, because) => {
    upstream.commit("plain");
    make();
    expect(await prove({ tag: "v*" })).toMatchObject({ kind: "none", because: expect.stringContaining(because) });
  });

  it("that nobody signed leaves the word to its commit's own signature", async () => {
    commitSigned("anna");
    tag("v1.0.0", null);
    expect(await prove({ tag: "v*" })).toMatchObject({ kind: "ssh", because: expect.stringContaining("the commit") });
  });
});

describe("a commit signed by OpenPGP", () => {
  beforeEach(() => Object.assign(signers, { allowedSigners: null, openPgpKeys: anna.publicKey }));

  async function commitBy(key: { privateKey: string }, date = new Date()): Promise<void> {
    const { createMessage, readPrivateKey, sign } = await import("openpgp");
    upstream.commit("plain");
    const payload = execFileSync("git", ["cat-file", "commit", "HEAD"], { cwd: upstream.folder });
    const signature = (await sign({
      message: await createMessage({ binary: payload }),
      signingKeys: await readPrivateKey({ armoredKey: key.privateKey }),
      detached: true,
      date,
    })) as string;
    const header = `gpgsig ${signature.trim().replace(/\r/g, "").split("\n").join("\n ")}\n`;
    rewrite((bytes) => Buffer.from(bytes.toString("latin1").replace("\n\n", `\n${header}\n`), "latin1"));
  }

  it("is vouched for by whom the list names, as git's own check sees it", async () => {
    await commitBy(anna);
    expect(await prove()).toEqual({
      kind: "openpgp",
      by: expect.stringMatching(/^Anna <anna@example\.org> \([0-9A-F]{40}\)$/),
      because: expect.stringContaining("is signed by Anna"),
    });
  });

  it.each<[string, () => Promise<void>, string]>([
    ["by a key that is not listed", () => commitBy(mallory), "does not list"],
    [
      "that was changed under the signature",
      async () => {
        await commitBy(anna);
        rewrite((bytes) => Buffer.from(bytes.toString("latin1").replace("plain", "plane"), "latin1"));
      },
      "is not good",
    ],
    ["with a date that has not come yet", () => commitBy(anna, new Date(Date.now() + 7 * 86_400_000)), "is not good"],
    [
      "with a signature that is none",
      async () => {
        upstream.commit("plain");
        rewrite((bytes) =>
          Buffer.from(bytes.toString("latin1").replace("\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n\n"), "latin1"),
        );
      },
      "is not good",
    ],
  ])("%s is vouched for by nobody", async (_, make, because) => {
    await make();
    expect(await prove()).toMatchObject({ kind: "none", because: expect.stringContaining(because) });
  });

  it("by a key that was taken back, or has expired by now, is vouched for by nobody", async () => {
    const old = await generateKey({ userIDs: [{ name: "Old" }], date: new Date("2020-01-01"), keyExpirationTime: 86_400, format: "armored" });
    signers.openPgpKeys = old.publicKey;
    await commitBy(old, new Date("2020-01-01T12:00:00Z"));
    expect(await prove()).toMatchObject({ kind: "none", because: expect.stringContaining("is not good") });
    const { revokeKey, readPrivateKey } = await import("openpgp");
    const revoked = await revokeKey({ key: await readPrivateKey({ armoredKey: anna.privateKey }), format: "armored" });
    signers.openPgpKeys = revoked.publicKey;
    await commitBy(anna);
    expect(await prove()).toMatchObject({ kind: "none", because: expect.stringContaining("is not good") });
  });

  it("is vouched for by each of several keys, one block after the other, and by none that one of the blocks takes back", async () => {
    signers.openPgpKeys = `Mallory:\n${mallory.publicKey}\n\n${anna.publicKey}`;
    for (const [key, name] of [[anna, "Anna"] as const, [mallory, "Mallory"] as const]) {
      await commitBy(key);
      expect(await prove()).toMatchObject({ kind: "openpgp", by: expect.stringContaining(name) });
    }
    const { revokeKey, readPrivateKey } = await import("openpgp");
    const revoked = await revokeKey({ key: await readPrivateKey({ armoredKey: anna.privateKey }), format: "armored" });
    for (const keys of [anna.publicKey + revoked.publicKey, revoked.publicKey + anna.publicKey]) {
      signers.openPgpKeys = keys;
      await commitBy(anna);
      expect(await prove()).toMatchObject({ kind: "none", because: expect.stringContaining("is not good") });
    }
  });

  it("keys that cannot be read are an error, and nobody is taken for everybody", async () => {
    await commitBy(anna);
    signers.openPgpKeys = "no keys";
    await expect(prove()).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });
});

it("signatures of both kinds may be listed together", async () => {
  Object.assign(signers, { openPgpKeys: anna.publicKey });
  commitSigned("anna");
  expect(await prove()).toMatchObject({ kind: "ssh" });
});
