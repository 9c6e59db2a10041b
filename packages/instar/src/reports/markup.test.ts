import { describe, expect, it } from "vitest";
import { markup } from "./markup.ts";

describe("in a template of markup", () => {
  it("a text is text, in an element and in an attribute", () =>
    expect(markup`<p title="${"\"'`<&>"}">${"</p><script>"}</p>`.text).toBe('<p title="&quot;&#39;&#96;&lt;&amp;&gt;">&lt;/p&gt;&lt;script&gt;</p>'));
  it("markup is markup, alone and in lists, and a number is written as it is", () =>
    expect(markup`<ul>${[1, 2].map((each) => markup`<li>${each}</li>`)}</ul>${markup`<br/>`}`.text).toBe("<ul><li>1</li><li>2</li></ul><br/>"));
  it("what only looks like markup is refused", () => expect(() => markup`${{ text: "<b>" } as unknown as string}`).toThrow(TypeError));
  it("what turns letters, controls a terminal or is half a letter is a mark", () =>
    expect(markup`${"a\u202eb\u2066c\u200fd\u0000e\u001bf\u0085g\ud83dh\ufffei"}`.text).toBe("a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh\ufffdi"));
  it("a tab and the end of a line stay", () => expect(markup`${"a\tb\nc"}`.text).toBe("a\tb\nc"));
});
