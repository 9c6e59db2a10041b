import { InstarError } from "@instar/protocol";
import { describe, expect, test } from "vitest";
import { parseSettings } from "./parse-settings.ts";

const GOOD = `version: 1
name: ana
source:
  git: https://example.org/ana.git
agent:
  start: [node, server.js]
front:
  port: 3000
state:
  kind: none
`;

const BLUE_GREEN = "exchange: { strategy: blue-green }\n";

const PORTLESS = `version: 1
name: ana
source: { git: ../ana }
agent: { start: node worker.js, port: none }
health: { log: { ready: working } }
state: { kind: none }
`;

describe("a good file", () => {
  test("gets every default, durations in milliseconds and sizes in bytes", () => {
    const settings = parseSettings(GOOD, "instar.yaml");
    expect(settings.agent).toMatchObject({ port: "given", portVariable: "PORT", stopWithin: 10_000, directory: ".", environment: {} });
    expect(settings.source.checkEvery).toBe(300_000);
    expect(settings.front?.hold).toEqual({ requests: 1_000, bytes: 67_108_864, time: 30_000 });
    expect(settings.watch.requests).toBe(200);
  });

  test("of an agent without a port waits for no requests", () => {
    expect(parseSettings(PORTLESS, "instar.yaml").watch.requests).toBe(0);
  });

  test("may use a small anchor, a byte order mark, Windows line ends and YAML 1.2's plain words", () => {
    const text = `\uFEFF${GOOD.replace("start: [node, server.js]", 'start: &run [node, server.js]\n  environment: { A: yes, B: "1", C: no }')}build:\n  command: *run\n`;
    const settings = parseSettings(text.replaceAll("\n", "\r\n"), "instar.yaml");
    expect(settings.agent.environment).toEqual({ A: "yes", B: "1", C: "no" });
    expect(settings.build?.command).toEqual(["node", "server.js"]);
  });
});

describe("a mistaken file is refused with line, column and words", () => {
  const rows: [name: string, text: string, ...says: RegExp[]][] = [
    ["broken YAML", GOOD.replace("[node, server.js]", "[node, server.js"), /line 7, column 1: .*bracket/],
    ["a quote that is not closed", `${GOOD}updates: { automatic: "never }\n`, /line 12, column 1: a quote, perhaps opened some lines above, is not closed$/],
    [
      "an unknown key with the nearest known one",
      GOOD.replace("  start", "  porrt: 3\n  start"),
      /line 6, column 3: unknown key 'porrt' in agent; did you mean 'port'\?$/,
    ],
    ["an unknown key at the top", `${GOOD}wach: {}\n`, /line 11, column 1: unknown key 'wach' at the top level; did you mean 'watch'\?$/],
    ["an unknown key that resembles none", `${GOOD}pineapple: 1\n`, /line 11, column 1: unknown key 'pineapple' at the top level$/],
    [
      "a key in another spelling",
      GOOD.replace("  git:", "  check_every: 1m\n  git:"),
      /line 4, .*unknown key 'check_every' in source; did you mean 'checkEvery'\?$/,
    ],
    ["a prototype key", `${GOOD}__proto__: { a: 1 }\n`, /line 11, column 1: unknown key '__proto__'/],
    ["a wrong type", GOOD.replace("port: 3000", "port: soon"), /line 8, column 9: front\.port: expected a number, found text$/],
    [
      "a number where text is wanted",
      GOOD.replace("  start", "  environment: { A: 12 }\n  start"),
      /line 6, column 21: agent\.environment\.A: expected text, found a number; put it in quotes$/,
    ],
    ["a wrong entry of a command", GOOD.replace("server.js]", "3]"), /line 6, column 10: agent\.start: expected text at entry 2, found a list/],
    [
      "a misspelt choice",
      `${GOOD}updates: { automatic: minr }\n`,
      /line 11, column 23: updates\.automatic: expected 'never', 'patch', 'minor' or 'major'; did you mean 'minor'\?$/,
    ],
    ["a mapping that is nothing", `${GOOD}tests:\n`, /line 11, .*tests: expected a mapping of keys, found nothing$/],
    ["a duplicate key", GOOD.replace("name: ana", "name: ana\nname: bob"), /line 3, column 1: this key is there twice$/],
    ["tab indentation", GOOD.replace("  git", "\tgit"), /line 4, column 1: a tab is used to indent/],
    ["an empty file", "", /line 1, column 1: the file is empty; `instar init`/],
    ["a file of comments", "# later\n", /the file is empty/],
    ["a list at top level", "- version: 1\n", /line 1, column 1: expected a mapping of keys .*found a list$/],
    ["two documents", `${GOOD}---\na: 1\n`, /line 11, .*second document/],
    ["a tag", GOOD.replace("name: ana", "name: !secret ana"), /line 2, .*tags/],
    ["an alias without its anchor", GOOD.replace("name: ana", "name: *ana"), /line 2, column 7: an alias .* without its anchor/],
    ["a key that is a list", `${GOOD}? [a, b]\n: 1\n`, /line 11, .*a key must be one word/],
    ["a NUL character", GOOD.replace("name: ana", 'name: "a\\0na"'), /line 2, column 7: .*NUL/],
    ["a negative duration", GOOD.replace("  git:", "  checkEvery: -5m\n  git:"), /line 4, column 15: source\.checkEvery: it must be a duration/],
    ["an endless duration", GOOD.replace("  git:", "  checkEvery: 99999999d\n  git:"), /source\.checkEvery: it must be a duration of a year at most/],
    ["a missing required key", GOOD.replace("  start: [node, server.js]", "  directory: ."), /start is missing in agent \(How the agent starts/],
    [
      "a source that names none",
      GOOD.replace("  git: https://example.org/ana.git", "  branch: main"),
      /line 3, column 1: name a source: git, npm, files, endpoint or registry/,
    ],
    ["a channel that is none", GOOD.replace("  git:", "  channel: beta\n  git:"), /source\.channel|the channel is not among source\.channels/],
    [
      "a token for a remote that is no https",
      GOOD.replace("https://example.org/ana.git", "ssh://example.org/ana.git\n  tokenFile: ./t"),
      /a token is for a remote by https/,
    ],
    [
      "a token over plain http",
      GOOD.replace("https://example.org/ana.git", "http://example.org/ana.git\n  tokenFile: ./t"),
      /a token would go over the network in the clear/,
    ],
    ["a missing section", GOOD.replace("name: ana\n", ""), /line 1, column 1: name is missing at the top level/],
    ["a port out of range", GOOD.replace("3000", "70000"), /line 8, column 9: front\.port: expected at most 65535$/],
    [
      "a path that leaves the repository",
      GOOD.replace("  start", "  directory: ../other\n  start"),
      /line 6, column 14: agent\.directory: it must be a path inside the repository/,
    ],
    ["an absolute Windows path", GOOD.replace("  start", "  directory: 'C:\\x'\n  start"), /agent\.directory: it must be a path inside/],
    [
      "a variable that is no name",
      GOOD.replace("  start", "  environment: { 'A=B': x }\n  start"),
      /agent\.environment\.A=B: expected a name that must be a variable's name/,
    ],
    ["a pattern that is none", PORTLESS.replace("working", "'('"), /health\.log\.ready: it must be a regular expression/],
  ];
  test.each(rows)("%s", (_, text, ...says) => {
    for (const sentence of says) expect(refusal(text).message).toMatch(sentence);
  });

  test("two mistakes at once are both reported, in the order of their lines", () => {
    const error = refusal(GOOD.replace("port: 3000", "prot: 3000").replace("name: ana", "name: Ana"));
    expect(error.message).toMatch(
      /^instar\.yaml has 3 mistakes:\n {2}line 2, .*lower-case.*\n {2}line 7, .*port is missing in front.*\n {2}line 8, .*did you mean 'port'\?$/,
    );
    expect(error.facts.mistakes).toHaveLength(3);
  });

  test("a contradiction is reported together with a misspelling", () => {
    const error = refusal(GOOD.replace("kind: none", "knd: none"));
    expect(error.message).toMatch(/unknown key 'knd' in state; did you mean 'kind'\?/);
    expect(error.message).toMatch(/state\.directory is missing/);
  });

  test("an alias bomb is refused and not unfolded", () => {
    const bomb = Array.from(
      { length: 12 },
      (_, level) => `x${level}: &x${level} [${Array.from({ length: 9 }, () => (level === 0 ? "lol" : `*x${level - 1}`)).join(", ")}]\n`,
    );
    expect(refusal(GOOD + bomb.join("")).message).toMatch(/aliases .* grow into too much/);
  });

  test("an alias inside its own anchor is refused", () => {
    expect(refusal(`${GOOD}x: &x [*x]\n`).code).toBe("SETTINGS_INVALID");
  });

  test("a huge file is refused before it is parsed", () => {
    expect(refusal(`${GOOD}# ${"x".repeat(300_000)}\n`).message).toMatch(/larger than 256 KiB/);
  });

  test("a file nested thousands deep is refused", () => {
    expect(refusal("[".repeat(100_000)).message).toMatch(/nested too deeply|bracket/);
    expect(refusal(`a: ${"{a: ".repeat(40_000)}`).code).toBe("SETTINGS_INVALID");
  });

  test("a thousand mistakes make a sentence that can be read", () => {
    const error = refusal(GOOD + Array.from({ length: 1_000 }, (_, index) => `key${index}: 1\n`).join(""));
    expect(error.message.length).toBeLessThan(8_000);
    expect(error.message).toMatch(/and more of them/);
  });

  test("a value is never repeated, wherever the mistake lies", () => {
    const texts = [
      GOOD.replace("https://example.org/ana.git", "{ s3cr3t: 1 }").replace("s3cr3t: 1", "a: s3cr3t"),
      GOOD.replace("  start", "  environment: { A: [s3cr3t] }\n  start"),
      GOOD.replace("  start", "  environment: { A: s3cr3t: x }\n  start"),
      GOOD.replace("  start", "  environment: { A: 's3cr3t }\n  start"),
      GOOD.replace("  start", "  portVariable: s3-cr3t s3cr3t\n  start"),
      GOOD.replace("git: https", "git: -s3cr3t"),
    ];
    for (const text of texts) {
      const error = refusal(text);
      expect(error.message + JSON.stringify(error.facts)).not.toContain("s3cr3t");
    }
  });
});

describe("what contradicts itself is refused at its line", () => {
  const rows: [name: string, text: string, says: RegExp][] = [
    [
      "no port and nothing that tells health",
      PORTLESS.replace("health: { log: { ready: working } }\n", ""),
      /line 4, column 33: an agent without a port needs health/,
    ],
    ["no port and a front", `${PORTLESS}front: { port: 80 }\n`, /line 7, column 1: .*remove front/],
    ["a port and no front", GOOD.replace("front:\n  port: 3000\n", ""), /front is missing/],
    ["front and agent at one port", GOOD.replace("  start", "  port: 3000\n  start"), /line 9, column 3: front\.port must differ from agent\.port/],
    ["front and agent at one port, everywhere", GOOD.replace("  start", "  port: 3000\n  start").replace("front:", "front:\n  host: 0.0.0.0"), /must differ/],
    ["health over HTTP without a port", PORTLESS.replace("{ log:", "{ http: { path: / }, log:"), /line 5, column 11: health\.http asks the agent's port/],
    ["requests to watch without a port", `${PORTLESS}watch: { requests: 5 }\n`, /line 7, column 10: .*requests: 0/],
    ["exclusive state without a folder", GOOD.replace("kind: none", "kind: exclusive"), /line 9, column 1: state\.directory is missing/],
    ["no state section at all", GOOD.replace("state:\n  kind: none\n", ""), /state\.directory is missing/],
    ["a variable for no folder", GOOD.replace("kind: none", "kind: external\n  variable: DATA_DIR"), /line 11, .*there is no state\.directory/],
    ["commits signed by nobody that is named", accepting("[ssh]"), /line 5, column 3: .*names nobody/],
    ["commits signed by the other kind of key", accepting("[openpgp]", "  signers: { ssh: ./signers }\n"), /names nobody/],
    ["a pinned key that is not there", accepting("[pinned-key]"), /line 5, column 3: .*source\.endpoint\.publicKey/],
    ["signed releases without their registry", accepting("[tuf]"), /line 5, column 3: .*no source\.registry/],
    ["npm packages that nobody may vouch for", accepting("[npm-provenance]", "  npm: { package: x }\n"), /source\.npm\.origin/],
    ["what the agent makes of itself, and no section self", accepting("[none, self]"), /line 5, column 3: .*without a section self/],
    ["branch and tag", GOOD.replace("  git:", "  branch: main\n  tag: v*\n  git:"), /line 5, column 3: branch and tag exclude each other/],
    ["a source that is an option", GOOD.replace("https://example.org/ana.git", "--upload-pack=x"), /line 4, column 3: .*as an option/],
    ["a branch that is an option", GOOD.replace("  git:", '  branch: " -x"\n  git:'), /line 4, .*as an option/],
    ["a home that is not filled in", GOOD.replace("kind: none", "directory: ~/ana"), /line 10, .*write the whole path/],
    [
      "a certificate at a home that is not filled in",
      GOOD.replace("port: 3000", "port: 3000\n  tls: { certificate: ~/a.pem, key: b.key }"),
      /line 9, .*write the whole path/,
    ],
    [
      "a key at a home that is not filled in",
      GOOD.replace("port: 3000", "port: 3000\n  tls: { certificate: a.pem, key: ~/b.key }"),
      /line 9, .*write the whole path/,
    ],
    ["a certificate without its key", GOOD.replace("port: 3000", "port: 3000\n  tls: { certificate: a.pem }"), /line 9, .*key is missing in front\.tls/],
    ["an environment that sets Instar's port", GOOD.replace("  start", "  environment: { PORT: '1' }\n  start"), /line 6, .*sets a variable that Instar sets/],
    ["an environment that sets Instar's own", GOOD.replace("  start", "  environment: { INSTAR_RELEASE: x }\n  start"), /begins with INSTAR_/],
    ["a placeholder for a port that is not there", PORTLESS.replace("node worker.js", '"node x {port}"'), /uses \{port\}/],
    [
      "a front beyond this machine that nobody asked for",
      GOOD.replace("front:", "front:\n  host: 0.0.0.0"),
      /line 8, column 3: .*beyond this machine.*front\.public: true/,
    ],
    ["a front on a name that may lead anywhere", GOOD.replace("front:", "front:\n  host: agent.example"), /beyond this machine/],
    ["a front beyond this machine, and public: false", GOOD.replace("front:", "front:\n  public: false\n  host: '::'"), /beyond this machine/],
    ["both versions of the PROXY protocol", GOOD.replace("front:", "front:\n  tells: [proxy-v1, proxy-v2]"), /exclude each other/],
    ["a trusted proxy that is no address", GOOD.replace("front:", "front:\n  trustedProxies: [10.0.0.0/33]"), /a range of addresses/],
    ["slots that share ports", GOOD.replace("  start", "  slotPorts: { blue: 8500-9100 }\n  start"), /overlap/],
    ["a range of ports that runs backwards", GOOD.replace("  start", "  slotPorts: { blue: 9-8 }\n  start"), /the lower one first/],
    ["blue-green and an exclusive state", GOOD.replace("kind: none", "directory: data") + BLUE_GREEN, /line 11, column 13: .*may be opened by one only/],
    ["blue-green and no state section", GOOD.replace("state:\n  kind: none\n", "") + BLUE_GREEN, /may be opened by one only/],
    ["blue-green and a fixed port", GOOD.replace("  start", "  port: 4000\n  start") + BLUE_GREEN, /port is fixed/],
    ["blue-green without a port", PORTLESS + BLUE_GREEN, /gets none/],
    ["a trial in an exchange that recreates", `${GOOD}exchange: { strategy: recreate, trial: { share: 0.1 } }\n`, /needs blue-green/],
    ["a trial with an exclusive state", `${GOOD.replace("kind: none", "directory: data")}exchange: { trial: { share: 0.1 } }\n`, /needs blue-green/],
    ["smoke checks without a port", `${PORTLESS}exchange: { smoke: [{ path: / }] }\n`, /smoke checks ask/],
    ["a placeholder for state that is not there", GOOD.replace("server.js]", '"{state}"]'), /uses \{state\}/],
  ];
  test.each(rows)("%s", (_, text, says) => {
    expect(refusal(text).message).toMatch(says);
  });

  test("but a public front may listen anywhere, and loopback has many spellings", () => {
    for (const host of ["0.0.0.0", "'::'", "192.168.1.5"]) parseSettings(GOOD.replace("front:", `front:\n  public: true\n  host: ${host}`), "instar.yaml");
    for (const host of ["127.0.0.1", "127.8.9.1", "localhost", "'::1'"]) parseSettings(GOOD.replace("front:", `front:\n  host: ${host}`), "instar.yaml");
  });

  test("but who is named may vouch, and the agent for itself where it may change itself", () => {
    parseSettings(accepting("[ssh]", "  signers: { ssh: ./signers }\n"), "instar.yaml");
    parseSettings(`${accepting("[none, self]")}self: {}\n`, "instar.yaml");
  });

  test("but a front at one other address may share the agent's number, and PORT is free where there is no port", () => {
    parseSettings(GOOD.replace("  start", "  port: 3000\n  start").replace("front:", "front:\n  public: true\n  host: 192.168.1.5"), "instar.yaml");
    parseSettings(PORTLESS.replace("port: none", "port: none, environment: { PORT: '1' }"), "instar.yaml");
    parseSettings(GOOD.replace("[node, server.js]", `"node server.js --port $\{port}"`), "instar.yaml");
  });
});

function refusal(text: string): InstarError {
  try {
    parseSettings(text, "instar.yaml");
  } catch (error) {
    if (InstarError.is(error, "SETTINGS_INVALID")) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

/** GOOD, with who must vouch, and more of the section source. */
function accepting(kinds: string, more = ""): string {
  return GOOD.replace("ana.git\n", `ana.git\n  accept: ${kinds}\n${more}`);
}
