import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { askForToken } from "./ask-for-token.ts";
import { readToken } from "./read-token.ts";

const SECRET = `instar_abcdefgh_${"s3cr3t".padEnd(43, "x")}`;

describe("the token that somebody wants to be shown", () => {
  const from = (fromStdin: boolean, piped: string, environment: Record<string, string> = {}) =>
    readToken({ fromStdin, stdin: Readable.from([piped]), environment });
  it("comes from the environment, or from standard input where that was said", async () => {
    expect(await from(false, "piped", { INSTAR_TOKEN: ` ${SECRET}\n` })).toBe(SECRET);
    expect(await from(true, `${SECRET}\n`, { INSTAR_TOKEN: "other" })).toBe(SECRET);
  });
  it("is none where nobody said so", async () => {
    expect(await from(false, SECRET)).toBeUndefined();
    expect(await from(false, SECRET, { INSTAR_TOKEN: "" })).toBeUndefined();
  });
  it("is missed where it was promised on standard input", async () => await expect(from(true, "\n")).rejects.toMatchObject({ code: "INPUT_INVALID" }));
});

describe("a person at a terminal", () => {
  const at = (keys: string, isInteractive = true) => {
    const input = new PassThrough();
    let shown = "";
    const output = new Writable({
      write(chunk, _, done) {
        shown += String(chunk);
        done();
      },
    });
    const asked = askForToken({ input, output, isInteractive });
    setImmediate(() => input.write(keys));
    return asked.then((token) => ({ token, shown }));
  };
  it("is asked for a token, and what is typed is not shown", async () => {
    const { token, shown } = await at(`${SECRET}\r`);
    expect(token).toBe(SECRET);
    expect(shown).toContain("token");
    expect(shown).not.toContain("s3cr3t");
  });
  it("may have none", async () => {
    expect((await at("\u0003")).token).toBeUndefined();
    expect((await at("\r")).token).toBeUndefined();
  });
  it("who is not there is not asked", async () => expect(await at("", false)).toEqual({ token: undefined, shown: "" }));
});
