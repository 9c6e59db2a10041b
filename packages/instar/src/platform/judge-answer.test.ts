import { describe, expect, it } from "vitest";
import { type ExpectedAnswer, type HttpAnswer, judgeAnswer, judgeVersion } from "./judge-answer.ts";

const answered = (body: string, status = 200, headers: Record<string, string> = {}): HttpAnswer => ({ kind: "answered", status, headers, body });
const silent: HttpAnswer = { kind: "silent", because: "no answer within 5 s" };
const asked = "GET /health";
const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

describe("an answer that was asked for", () => {
  for (const [name, answer, expected, verdict, because] of [
    ["passes with any 2xx where no more is asked", answered("", 204), {}, "pass", "GET /health answered 204"],
    ["fails with 500", answered("", 500), {}, "fail", "GET /health answered 500"],
    ["passes with the status that was named, whatever it is", answered("", 404), { status: 404 }, "pass", "answered 404"],
    ["fails with another 2xx than the one that was named", answered("", 200), { status: 204 }, "fail", "answered 200, not 204"],
    ["has no data where nobody answered", silent, {}, "nodata", "no answer to GET /health: no answer within 5 s"],
    ["fails on 200 with the wrong body", answered('{"ok":false}'), { matches: '"ok":\\s*true' }, "fail", "does not match: it begins"],
    ["passes on what matches across lines", answered('{\n"ok":\ntrue}'), { matches: "\\{.*true" }, "pass", "answered 200"],
    ["fails on a wrong value", answered('{"a":{"b":1}}'), { json: { "/a/b": 2 } }, "fail", "but /a/b is 1, not 2"],
    ["fails on a value that is missing", answered("{}"), { json: { "/a": null } }, "fail", "but /a is missing, not null"],
    ["fails on another type", answered('{"a":"1"}'), { json: { "/a": 1 } }, "fail", 'but /a is "1", not 1'],
    ["passes on the right values", answered('{"a":null,"b":true}'), { json: { "/a": null, "/b": true } }, "pass", "answered 200"],
    ["fails on a page where JSON is asked for", answered("<!doctype html><p>Welcome"), { json: { "/a": 1 } }, "fail", 'is not JSON (it begins "<!doctype'],
    ["fails on a redirect and says where it leads", answered("", 302, { location: "http://elsewhere.invalid/" }), {}, "fail", "which is not followed"],
    ["fails on JSON that is 100,000 deep", answered(deep), { json: { "/a": 1 } }, "fail", "nested deeper than 256 levels"],
    ["fails on nothing where JSON is asked for", answered(""), { json: { "/a": 1 } }, "fail", "the answer is empty"],
  ] as const satisfies readonly (readonly [string, HttpAnswer, Omit<ExpectedAnswer, "asked">, string, string])[])
    it(name, () => {
      const judged = judgeAnswer(answer, { asked, ...expected });
      expect(judged.verdict).toBe(verdict);
      expect(judged.because).toContain(because);
    });

  it("is an error, and no endless wait, where a pattern does not come to an end on it", () =>
    expect(judgeAnswer(answered(`${"a".repeat(60)}!`), { asked, matches: "^(a+)+$" })).toMatchObject({ verdict: "error" }));

  it("never shows what would move a terminal's cursor", () =>
    expect(judgeAnswer(answered("\u001b[2J\u009bgone"), { asked, matches: "ok" }).because).not.toMatch(/\p{Cc}/u));
});

describe("the version that a running process names", () => {
  const judge = (answer: HttpAnswer, at = "/version") => judgeVersion(answer, { asked: "GET /version", at, version: "1.1.0" });
  for (const [name, answer, verdict, because] of [
    ["passes where it is the one that was started", answered('{"version":"1.1.0"}'), "pass", "says that it is 1.1.0"],
    ["passes with a v before it", answered('{"version":"v1.1.0"}'), "pass", "says that it is v1.1.0"],
    ["fails where it is another", answered('{"version":"1.0.0"}'), "fail", 'says that it is "1.0.0", not 1.1.0'],
    ["fails where it only begins alike", answered('{"version":"1.1.0-rc.1"}'), "fail", "not 1.1.0"],
    ["fails on a page with 200", answered("<!doctype html><title>1.1.0</title>"), "fail", "names no version: the answer is not JSON"],
    ["fails on the right version with 500", answered('{"version":"1.1.0"}', 500), "fail", "it names no version"],
    ["fails where nothing stands there", answered('{"name":"agent"}'), "fail", "nothing that could be one stands at /version"],
    ["fails where a list stands there", answered('{"version":["1.1.0"]}'), "fail", "nothing that could be one"],
    ["has no data where nobody answers", silent, "nodata", "no answer to GET /version"],
  ] as const)
    it(name, () => {
      const judged = judge(answer);
      expect(judged.verdict).toBe(verdict);
      expect(judged.because).toContain(because);
    });
  it("may be the whole answer", () => expect(judge(answered('"1.1.0"'), "")).toMatchObject({ verdict: "pass", named: "1.1.0" }));
});
