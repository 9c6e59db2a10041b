// One file although it is long: a row of commands, each typed as a person types it, with the same few helpers.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { composeTrust } from "../../../compose-trust.ts";
import { buildProgram, type LocalCommands } from "../build-program.ts";
import { runTrustCommand } from "./run-trust-command.ts";

const nothing = async () => undefined;
const OTHERS: LocalCommands = {
  init: nothing,
  up: nothing,
  down: nothing,
  demo: nothing,
  watch: nothing,
  service: nothing,
  keeper: nothing,
  daemon: nothing,
  analyse: nothing,
};
const DAY_MS = 86_400_000;
let place: string;
let clock: SimulatedClock;
let stop: AbortController;
let onAnswer: (value: Readonly<Record<string, unknown>>) => void;
const at = (...parts: string[]) => join(place, ...parts);

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-trust-command-"));
  // Copies of releases are made here then, where no other test makes any.
  mkdirSync(at("temporary"));
  vi.stubEnv("TMPDIR", at("temporary"));
  clock = new SimulatedClock();
  stop = new AbortController();
  onAnswer = () => undefined;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true });
});

interface Ran {
  readonly status: number;
  readonly value: Readonly<Record<string, unknown>> & {
    readonly draft: string;
    readonly sha256: string;
    readonly drafts: readonly object[];
    readonly releases: readonly object[];
    readonly roles: readonly { readonly threshold: number; readonly keyIds: readonly string[] }[];
  };
  readonly words: string;
}

/** One command line, as a person in `place` types it. */
async function run(...argv: string[]): Promise<Ran> {
  let [status, value, words] = [0, {} as Ran["value"], ""];
  const print = (text: string) => {
    words += text;
  };
  const parts = composeTrust({ clock, stop: () => stop.signal, stdout: print, stderr: print });
  const answer = (given: object, said: string) => {
    [value, words] = [given as Ran["value"], said];
    onAnswer(value);
  };
  const trust: LocalCommands["trust"] = async (question) => {
    status = await runTrustCommand({ parts, cwd: place, clientArgv: argv.slice(1), answer }, question);
  };
  const program = buildProgram("0.0.0", { ...OTHERS, trust }, nothing).exitOverride();
  await program.parseAsync(argv, { from: "user" });
  return { status, value, words };
}
const codeOf = (...argv: string[]) =>
  run(...argv).then(
    ({ status }) => status,
    (error: { code?: string }) => error.code ?? error,
  );
const init = (...more: string[]) => run("trust", "init", "repository", "--keys", "keys", ...more);
const PLACE = ["--repository", "repository", "--keys", "keys", "--channel", "stable"];
const SAID = ["--component", "agent", "--version", "1.0.0", "--rollback", "put the one before back"];
const publish = (...more: string[]) => run("release", "publish", "agent", ...PLACE, ...more);
const makeAgent = (files: Record<string, string> = { "index.js": "run" }) => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(at("agent"), { recursive: true });
    writeFileSync(at("agent", path), text);
  }
};
/** Only these keys, as one of the signers has them. */
const take = (folder: string, ...names: string[]) => {
  mkdirSync(at(folder), { mode: 0o700 });
  for (const name of names) cpSync(at("keys", `${name}.pem`), at(folder, `${name}.pem`));
};
const makePublicKey = (name: string) => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(at(`${name}.pub.pem`), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(at(`${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
};
const copies = () => readdirSync(at("temporary"));

describe("trust init", () => {
  it("makes keys and metadata, says what each key is for, what to take offline, and what its layout costs", async () => {
    const { status, value, words } = await init();
    expect(status).toBe(0);
    expect(value).toMatchObject({ repository: at("repository"), keys: at("keys"), keyFiles: { root: ["root-1.pem", "root-2.pem", "root-3.pem"] } });
    expect(words).toContain(
      "Take offline now, each to a place and a person of its own: root-1.pem root-2.pem root-3.pem release.pem gate.pem self-1.pem self-2.pem",
    );
    expect(words).toContain("Leave with the machine that refreshes: snapshot.pem timestamp.pem");
    expect(words).toContain(at("repository", "metadata", "1.root.json"));
    expect(words).toContain("targets: one lost key of 2 is enough");
    expect(readdirSync(at("keys"))).toHaveLength(9);
  });
  it("takes another layout, and says what it costs", async () => {
    const layout = [
      "--root-keys",
      "1",
      "--root-threshold",
      "1",
      "--targets-keys",
      "1",
      "--targets-threshold",
      "1",
      "--self-keys",
      "3",
      "--self-threshold",
      "1",
    ];
    const { value, words } = await init(...layout);
    expect(value.keyFiles).toMatchObject({ root: ["root-1.pem"], targets: ["release.pem"], self: ["self-1.pem", "self-2.pem", "self-3.pem"] });
    expect(value.roles.map(({ threshold }) => threshold)).toEqual([1, 1, 1, 1, 1]);
    expect(words).toContain("self: one stolen key of 3 is enough");
  });
  it.each([
    ["more signatures than keys", ["--root-keys", "2", "--root-threshold", "3"]],
    ["no keys", ["--targets-keys", "0"]],
    ["a number that is none", ["--self-keys", "two"]],
    ["a number below nothing", ["--self-threshold=-1"]],
    ["half a key", ["--root-keys", "2.5"]],
  ])("refuses %s: INPUT_INVALID", async (_, flags) => {
    await expect(init(...flags)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    expect(existsSync(at("repository"))).toBe(false);
  });
  it.each(["repository", "repository/keys", "./repository/targets/keys", "repository/..keys"])(
    "refuses keys inside the repository, %s: INPUT_INVALID",
    async (keys) => {
      expect(await codeOf("trust", "init", "repository", "--keys", keys)).toBe("INPUT_INVALID");
      expect(existsSync(at("repository"))).toBe(false);
    },
  );
  it("refuses a repository that is there: CONFLICT", async () => {
    await init();
    await expect(init()).rejects.toMatchObject({ code: "CONFLICT" });
  });
  it("refuses keys that others may read: FORBIDDEN", async () => {
    await init();
    rmSync(at("repository"), { recursive: true });
    chmodSync(at("keys", "gate.pem"), 0o644);
    await expect(init()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
  it("wants to be told where the keys go", async () => {
    expect(await codeOf("trust", "init", "repository")).toBe("INPUT_INVALID");
  });
});

describe("trust show", () => {
  it("shows roles, releases, drafts with what they change and who must sign, and warnings", async () => {
    await init();
    makeAgent();
    await publish(...SAID, "--percentage", "20");
    take("mine", "release");
    await run("release", "yank", "agent", "1.0.0", "--repository", "repository", "--keys", "mine", "--channel", "stable", "--because", "it \u001b[31mlies");
    clock.jumpWall(2 * DAY_MS);
    const { value, words } = await run("trust", "show", "repository");
    expect(value).toMatchObject({ drafts: [{ missing: [{ role: "targets", have: 1, threshold: 2 }] }], releases: [{ percentage: 20, yanked: null }] });
    expect(words).toContain("root      version 1, 2 of 3 must sign, until ");
    expect(words).toContain("stable/agent-1.0.0.tgz, for 20 of 100");
    expect(words).toContain("yank stable/agent-1.0.0.tgz: it lies");
    expect(words).toContain("targets has 1 of 2 signatures of its present keys");
    expect(words).toContain("timestamp: is expired");
    expect(words).not.toContain("\u001b");
  });
  it("finds no repository: NOT_FOUND", async () => {
    expect(await codeOf("trust", "show", "nowhere")).toBe("NOT_FOUND");
  });
  it("finds one that was changed: DATA_DAMAGED", async () => {
    await init();
    writeFileSync(at("repository", "metadata", "timestamp.json"), "{}");
    expect(await codeOf("trust", "show", "repository")).toBe("DATA_DAMAGED");
  });
});

describe("trust rotate", () => {
  it("without a role renews what people sign", async () => {
    await init();
    expect(await run("trust", "rotate", "repository", "--keys", "keys")).toMatchObject({ status: 0, value: { versions: { root: 2, targets: 2, self: 2 } } });
  });
  it("puts new keys in the place of an old one", async () => {
    const { value } = await init();
    const old = value.roles[1]?.keyIds[0] ?? "";
    makePublicKey("next");
    makePublicKey("third");
    const change = ["--role", "targets", "--add", "next.pub.pem", "third.pub.pem", "--remove", old, "--threshold", "1"];
    expect(await run("trust", "rotate", "repository", "--keys", "keys", ...change)).toMatchObject({ status: 0, value: { kind: "published" } });
    const [, targets] = (await run("trust", "show", "repository")).value.roles;
    expect(targets).toMatchObject({ threshold: 1, state: "good" });
    expect(targets?.keyIds).toHaveLength(3);
    expect(targets?.keyIds).not.toContain(old);
  });
  it("gives a role new keys where its own are lost, by root's word alone", async () => {
    const { value } = await init();
    makePublicKey("next");
    take("roots", "root-1", "root-2", "snapshot", "timestamp");
    cpSync(at("next.pem"), at("roots", "next.pem"));
    const change = ["--role", "targets", "--add", "next.pub.pem", "--remove", ...(value.roles[1]?.keyIds ?? []), "--threshold", "1"];
    expect(await run("trust", "rotate", "repository", "--keys", "roots", ...change, "--lost")).toMatchObject({ status: 0, value: { kind: "published" } });
  });
  it.each([
    ["a key without a role", ["--add", "next.pub.pem"]],
    ["lost without a role", ["--lost"]],
    ["a role without a change", ["--role", "targets", "--lost"]],
    ["a role that there is not", ["--role", "mirrors", "--threshold", "1"]],
    ["a threshold that is no number", ["--role", "targets", "--threshold", "all"]],
    ["a threshold above its keys", ["--role", "targets", "--threshold", "3"]],
    ["a key to remove that it has not", ["--role", "targets", "--remove", "a".repeat(64)]],
    ["a private key", ["--role", "targets", "--add", "next.pem"]],
    ["a key that is none", ["--role", "targets", "--add", "text.pem"]],
    ["a key that is too large", ["--role", "targets", "--add", "large.pem"]],
    ["root's keys as lost", ["--role", "root", "--threshold", "1", "--lost"]],
  ])("refuses %s: INPUT_INVALID", async (_, flags) => {
    await init();
    makePublicKey("next");
    writeFileSync(at("text.pem"), "BEGIN PUBLIC KEY");
    writeFileSync(at("large.pem"), `${readFileSync(at("next.pub.pem"), "utf8")}${" ".repeat(20_000)}`);
    expect(await codeOf("trust", "rotate", "repository", "--keys", "keys", ...flags)).toBe("INPUT_INVALID");
  });
  it("refuses a key whose file is not there: NOT_FOUND", async () => {
    await init();
    expect(await codeOf("trust", "rotate", "repository", "--keys", "keys", "--role", "targets", "--add", "nothing.pem")).toBe("NOT_FOUND");
  });
});

describe("trust sign and trust discard", () => {
  it("bring signatures together; until then a person is needed, which the status says", async () => {
    await init();
    makeAgent();
    take("one", "release", "snapshot", "timestamp");
    take("two", "gate", "snapshot", "timestamp");
    const waiting = await run("release", "publish", "agent", "--repository", "repository", "--keys", "one", "--channel", "stable", ...SAID);
    expect(waiting).toMatchObject({ status: 6, value: { kind: "waiting", missing: [{ role: "targets", have: 1, threshold: 2 }] } });
    expect(waiting.words).toContain("nobody sees it yet");
    const { draft } = waiting.value;
    expect(await run("trust", "sign", "repository", draft, "--keys", "one")).toMatchObject({ status: 6 });
    expect(await run("trust", "sign", "repository", draft, "--keys", "two")).toMatchObject({ status: 0, value: { kind: "published" } });
    expect(await codeOf("trust", "sign", "repository", draft, "--keys", "two")).toBe("NOT_FOUND");
  });
  it("throw one away", async () => {
    await init();
    makeAgent();
    const { value } = await run("release", "publish", "agent", "--repository", "repository", "--keys", "nobody", "--channel", "stable", ...SAID);
    expect(await run("trust", "discard", "repository", value.draft)).toMatchObject({ status: 0, value: { discarded: value.draft } });
    expect((await run("trust", "show", "repository")).value.drafts).toEqual([]);
    expect(await codeOf("trust", "discard", "repository", value.draft)).toBe("NOT_FOUND");
  });
  it("refuse a draft that something else overtook: CONFLICT", async () => {
    await init();
    makeAgent();
    const { value } = await run("release", "publish", "agent", "--repository", "repository", "--keys", "nobody", "--channel", "stable", ...SAID);
    await publish("--component", "agent", "--version", "2.0.0", "--rollback", "back");
    expect(await codeOf("trust", "sign", "repository", value.draft, "--keys", "keys")).toBe("CONFLICT");
  });
  it("refuse a draft's name that leads elsewhere: NOT_FOUND", async () => {
    await init();
    for (const name of ["../lock", "0123456789ab"]) {
      expect(await codeOf("trust", "sign", "repository", name, "--keys", "keys")).toBe("NOT_FOUND");
      expect(await codeOf("trust", "discard", "repository", name)).toBe("NOT_FOUND");
    }
  });
});

describe("trust refresh", () => {
  it("says once more that this is the newest", async () => {
    await init();
    take("machine", "timestamp", "snapshot");
    expect(await run("trust", "refresh", "repository", "--keys", "machine")).toMatchObject({ status: 0, value: { versions: { timestamp: 2, snapshot: 1 } } });
  });
  it("wants its key: FORBIDDEN", async () => {
    await init();
    expect(await codeOf("trust", "refresh", "repository", "--keys", "nowhere")).toBe("FORBIDDEN");
  });
});

describe("release publish", () => {
  it("takes a folder that says what it is, and the archive of one", async () => {
    await init();
    makeAgent();
    const { value } = await publish(...SAID);
    const archive = at("repository", "targets", "stable", `${value.sha256}.agent-1.0.0.tgz`);
    cpSync(archive, at("agent.tgz"));
    mkdirSync(at("unpacked"));
    execFileSync("tar", ["-xzf", archive, "-C", at("unpacked")]);
    for (const given of ["agent.tgz", "unpacked"])
      expect(await run("release", "publish", given, ...PLACE)).toMatchObject({ status: 0, value: { path: "stable/agent-1.0.0.tgz", sha256: value.sha256 } });
  });
  it("takes a folder without a release.json, as its package.json calls it, from a copy that is gone afterwards", async () => {
    await init();
    makeAgent({ "index.js": "run", "package.json": '{ "name": "@house/agent", "version": "2.1.0" }' });
    expect(await publish("--rollback", "put the one before back")).toMatchObject({ value: { path: "stable/agent-2.1.0.tgz", kind: "published" } });
    expect(readdirSync(at("agent")).toSorted()).toEqual(["index.js", "package.json"]);
    expect(copies()).toEqual([]);
  });
  it("believes the flags before the package.json", async () => {
    await init();
    makeAgent({ "package.json": '{ "name": "agent", "version": "2.1.0" }' });
    const flags = ["--component", "skill-of-its", "--version=3.0.0-beta.1", "--kind", "skill", "--rollback", "remove it"];
    expect(await publish(...flags)).toMatchObject({ value: { path: "stable/skill-of-its-3.0.0-beta.1.tgz" } });
  });
  it.each([
    ["no component", ["--version", "1.0.0", "--rollback", "back"]],
    ["no version", ["--component", "agent", "--rollback", "back"]],
    ["no way back", ["--component", "agent", "--version", "1.0.0"]],
    ["a percentage above a hundred", [...SAID, "--percentage", "101"]],
    ["a percentage that is no number", [...SAID, "--percentage", "most"]],
  ])("refuses %s: INPUT_INVALID", async (_, flags) => {
    await init();
    makeAgent();
    await expect(publish(...flags)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
  it("refuses flags beside what says already what it is: INPUT_INVALID", async () => {
    await init();
    makeAgent({ "release.json": "{}" });
    writeFileSync(at("agent.tgz"), "");
    await expect(publish("--version", "1.0.0")).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining("--version") });
    expect(await codeOf("release", "publish", "agent.tgz", ...PLACE, ...SAID)).toBe("INPUT_INVALID");
  });
  it("refuses a channel that is no name: INPUT_INVALID", async () => {
    await init();
    makeAgent();
    expect(await codeOf("release", "publish", "agent", "--repository", "repository", "--keys", "keys", "--channel", "../stable", ...SAID)).toBe(
      "INPUT_INVALID",
    );
  });
  it("refuses a package.json that is none, and one that is too large: INPUT_INVALID", async () => {
    await init();
    for (const text of ["{", '{ "name": 1 }', `{ "name": "agent" }${" ".repeat(1_100_000)}`]) {
      makeAgent({ "package.json": text });
      await expect(publish("--rollback", "back")).rejects.toMatchObject({ code: "INPUT_INVALID" });
    }
  });
  it.each([
    ["a component that is no name", ["--component", "../agent", "--version", "1.0.0", "--rollback", "back"]],
    ["a version that is none", ["--component", "agent", "--version", "newest", "--rollback", "back"]],
    ["a kind that is none", [...SAID, "--kind", "A Kind"]],
    ["an empty way back", ["--component", "agent", "--version", "1.0.0", "--rollback", ""]],
  ])("refuses %s: PACKAGE_REFUSED, and leaves no copy", async (_, flags) => {
    await init();
    makeAgent();
    await expect(publish(...flags)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    expect(copies()).toEqual([]);
  });
  it("refuses links, soft and hard, before it copies anything: PACKAGE_REFUSED", async () => {
    await init();
    makeAgent();
    symlinkSync("/etc/passwd", at("agent", "link"));
    await expect(publish(...SAID)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    rmSync(at("agent", "link"));
    linkSync(at("agent", "index.js"), at("agent", "again.js"));
    await expect(publish(...SAID)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
  });
  it("refuses other bytes under a version that is published: CONFLICT, and leaves no copy", async () => {
    await init();
    makeAgent();
    await publish(...SAID);
    makeAgent({ "index.js": "run otherwise" });
    await expect(publish(...SAID)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(copies()).toEqual([]);
  });
  it("refuses a release that is not there, and a repository that is not: PLATFORM_FAILED, NOT_FOUND", async () => {
    await init();
    makeAgent();
    expect(await codeOf("release", "publish", "nothing", ...PLACE)).toBe("PLATFORM_FAILED");
    expect(await codeOf("release", "publish", "agent", "--repository", "nowhere", "--keys", "keys", "--channel", "stable", ...SAID)).toBe("NOT_FOUND");
  });
});

describe("release yank", () => {
  const yank = (...more: string[]) => run("release", "yank", "agent", "1.0.0", ...PLACE, ...more);
  it("takes a release back, with the reason; or removes it", async () => {
    await init();
    makeAgent();
    await publish(...SAID);
    expect(await yank("--because", "it lies")).toMatchObject({ status: 0, words: expect.stringContaining("stable/agent-1.0.0.tgz is taken back") });
    expect((await run("trust", "show", "repository")).value.releases).toMatchObject([{ yanked: "it lies" }]);
    expect(await yank("--because", "it lies", "--remove")).toMatchObject({ words: expect.stringContaining("not listed any more") });
    expect((await run("trust", "show", "repository")).value.releases).toEqual([]);
  });
  it("wants a reason, and a release: INPUT_INVALID, NOT_FOUND", async () => {
    await init();
    expect(await codeOf("release", "yank", "agent", "1.0.0", ...PLACE)).toBe("INPUT_INVALID");
    await expect(yank("--because", " ")).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(yank("--because", "it lies")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("registry serve", () => {
  /** Serves while `act` asks. */
  const serve = async (act: (url: string) => Promise<void>) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    onAnswer = ({ url }) => resolve(String(url));
    const served = run("registry", "serve", "repository", "--port", "0");
    try {
      await act(await Promise.race([promise, served.then(() => "ended")]));
    } finally {
      stop.abort();
      expect(await served).toMatchObject({ status: 0 });
    }
  };
  const newest = async (url: string, query: string) => {
    const response = await fetch(`${url}/api/v1/updates?${query}`);
    return { status: response.status, ...((await response.json()) as { newest?: object }) };
  };

  it("serves what is published on this machine only, and ends when it is told to", async () => {
    await init();
    await serve(async (url) => {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await (await fetch(`${url}/metadata/1.root.json`)).text()).toBe(readFileSync(at("repository", "metadata", "1.root.json"), "utf8"));
      expect((await fetch(`${url}/private/lock`)).status).toBe(404);
    });
  });
  it("tells who cannot speak TUF of the newest that is for all and not taken back", async () => {
    await init();
    makeAgent();
    for (const version of ["1.0.0", "1.2.0", "1.10.0", "1.11.0-beta.1"]) await publish("--component", "agent", "--version", version, "--rollback", "back");
    await publish("--component", "agent", "--version", "1.12.0", "--rollback", "back", "--percentage", "99");
    await serve(async (url) => {
      const found = (await newest(url, "component=agent&current=1.0.0")).newest as { path: string; lengthBytes: number };
      expect(found).toMatchObject({ kind: "found", version: "1.10.0" });
      expect((await (await fetch(`${url}${found.path}`)).arrayBuffer()).byteLength).toBe(found.lengthBytes);
      expect((await newest(url, "component=agent&current=1.10.0")).newest).toMatchObject({ kind: "none" });
      expect((await newest(url, "component=other")).newest).toMatchObject({ kind: "none" });
      onAnswer = () => undefined;
      await run("release", "yank", "agent", "1.10.0", ...PLACE, "--because", "it lies");
      expect((await newest(url, "component=agent")).newest).toMatchObject({ version: "1.2.0" });
      expect((await newest(url, "component=agent&current=1.10.0")).newest).toMatchObject({ kind: "none", yanked: "it lies" });
    });
  });
  it("tells them of nothing where the metadata are not signed well", async () => {
    await init();
    const path = at("repository", "metadata", "timestamp.json");
    const { signed, signatures } = JSON.parse(readFileSync(path, "utf8")) as { signed: object; signatures: { keyid: string }[] };
    writeFileSync(path, JSON.stringify({ signed, signatures: signatures.map(({ keyid }) => ({ keyid, sig: "0".repeat(128) })) }));
    await serve(async (url) => {
      expect(await newest(url, "component=agent")).toMatchObject({ status: 503, code: "DATA_DAMAGED" });
    });
  });
  it("tells them of nothing where the metadata are expired, or damaged", async () => {
    await init();
    await serve(async (url) => {
      clock.jumpWall(2 * DAY_MS);
      expect(await newest(url, "component=agent")).toMatchObject({ status: 503, code: "CONFLICT" });
      writeFileSync(at("repository", "metadata", "timestamp.json"), "{}");
      expect(await newest(url, "component=agent")).toMatchObject({ status: 503, code: "DATA_DAMAGED" });
    });
  });
  it.each([
    ["a port that is none", ["--port", "65536"]],
    ["a port that is no number", ["--port", "http"]],
    ["an empty host, which would be everywhere", ["--host", ""]],
  ])("refuses %s: INPUT_INVALID", async (_, flags) => {
    await init();
    expect(await codeOf("registry", "serve", "repository", ...flags)).toBe("INPUT_INVALID");
  });
  it("finds no repository: NOT_FOUND", async () => {
    expect(await codeOf("registry", "serve", "nowhere")).toBe("NOT_FOUND");
  });
  it("finds its port taken: PORT_IN_USE", async () => {
    await init();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    expect(await codeOf("registry", "serve", "repository", "--port", String((other.address() as AddressInfo).port))).toBe("PORT_IN_USE");
    await new Promise((resolve) => other.close(resolve));
  });
});

describe("tuf-client", () => {
  it("gets its arguments as they were typed, and its status is the command's", async () => {
    await init();
    expect(await run("tuf-client", "--metadata-dir", at("client"), "init", at("repository", "metadata", "1.root.json"))).toMatchObject({ status: 0 });
    expect(readdirSync(at("client"))).toEqual(["root.json"]);
    expect(await run("tuf-client", "refresh")).toMatchObject({ status: 1, words: expect.stringContaining("--metadata-dir is missing") });
  });
});
