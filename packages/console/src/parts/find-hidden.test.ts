import { expect, test } from "vitest";
import { findHidden, renderVisible } from "./find-hidden.ts";

test("what would turn the text around, or not be seen at all, is named", () => {
  expect(renderVisible("access\u202E\u2066 // check\u2069\u2066")).toBe("access⟨U+202E⟩⟨U+2066⟩ // check⟨U+2069⟩⟨U+2066⟩");
  expect(renderVisible("pay\u200Bpal \u001B[31mred\u0007 \u{E0041}")).toBe("pay⟨U+200B⟩pal ⟨U+001B⟩[31mred⟨U+0007⟩ ⟨U+E0041⟩");
  expect(findHidden("\u202E")).toEqual([{ kind: "hidden", at: 0, code: "U+202E", name: "right-to-left override" }]);
});

test("ordinary text, tabs, line ends and other scripts stay as they are", () => {
  for (const text of ["", "const a = 1;\n\tb", "größer – “ja”", "日本語", "עברית", "🦋"]) expect(findHidden(text)).toEqual([{ kind: "text", at: 0, text }]);
});
