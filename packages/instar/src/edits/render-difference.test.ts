import { describe, expect, it } from "vitest";
import { isSecretName } from "./is-secret-name.ts";
import type { PlannedEdit } from "./plan-edits.ts";
import { digestOf } from "./read-live-file.ts";
import { renderDifference } from "./render-difference.ts";

const facts = (text: string) => ({ digest: digestOf(Buffer.from(text)), sizeBytes: text.length, mode: 0o640, uid: 0, gid: 0, mtimeMs: 0 });
const differ = (path: string, was: string | null, will: string | null) =>
  renderDifference({
    change: {
      path,
      base: "/",
      names: [path],
      edit: "file-write",
      kind: "file",
      before: was === null ? null : facts(was),
      after: will === null ? null : facts(will),
    },
    was: was === null ? undefined : Buffer.from(was),
    bytes: will === null ? undefined : Buffer.from(will),
  } satisfies PlannedEdit);

it("of a configuration file each value that differs is shown", () => {
  expect(differ("a.yaml", "log: { level: info, to: [a] }\nold: 1\n", "log: { level: debug, to: [a] }\nnew: x\n")).toEqual([
    "a.yaml: 37 → 38 bytes",
    '  ~ /log/level: "info" → "debug"',
    "  - /old: 1",
    '  + /new: "x"',
  ]);
});

it("of other text the lines are", () => expect(differ("prompt.md", "a\nb\nc\n", "a\nB\nc\n").slice(1)).toEqual(["  - b", "  + B"]));

it("of bytes that are no text only that they differ", () => expect(differ("x.bin", "\0a", "\0b")).toEqual(["x.bin: 2 → 2 bytes", "  its bytes differ"]));

it("control characters of a file do not reach the terminal", () => expect(differ("x.md", "", "a\u001b[2Jb").join("")).not.toContain("\u001b"));

describe("what looks like a secret is not shown:", () => {
  it.each([
    ["by its key", "a.json", '{"apiKey": "old-s3cret"}', '{"apiKey": "new-s3cret"}'],
    ["below a key", "a.yaml", "credentials: { user: a-s3cret }\n", "credentials: { user: b-s3cret }\n"],
    ["inside of a value that is new as a whole", "a.json", "{}", '{"a": {"b": [{"password": "s3cret"}]}}'],
    ["of a variable", ".env", "DB_PASSWORD=s3cret\n", "DB_PASSWORD=s3cret2\n"],
    ["by its form, in an address", "a.json", "{}", '{"url": "postgres://user:s3cret@host/db"}'],
    ["by its form, as a token", "a.json", "{}", '{"a": "ghp_s3cret00000000000000"}'],
    ["in lines of other text", "a.toml", "", 'token = "s3cret"\n'],
    ["over several lines of other text", "a.toml", "", "secret: |\n  s3cret\n  more s3cret\nother: 1\n"],
    ["a key between its marks", "a.pem", "", "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n"],
    ["in a file that its name calls YAML and is not", "a.yaml", "password: s3cret: x: [\n", "password: s3cret2: x: [\n"],
    ["a file that goes", "a.env", "TOKEN=s3cret\n", null],
  ])("%s", (_, path, was, will) => {
    const shown = differ(path, was, will).join("\n");
    expect(shown).toContain("********");
    expect(shown).not.toContain("s3cret");
  });
});

it.each(["apiKey", "API_KEY", "client_secret", "authToken", "PGPASSWORD", "private_key", "sessionCookie", "key"])("%s is called as secrets are", (name) =>
  expect(isSecretName(name)).toBe(true),
);
it.each(["level", "keyboard", "monkey", "path", "port", "pattern"])("%s is not", (name) => expect(isSecretName(name)).toBe(false));
