import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const page = readFileSync(fileURLToPath(new URL("docs/self.md", root)), "utf8");
const rows = [...page.matchAll(/^\| ([^|]+) \| ((?:packages|tests)\/[^|]+\.test\.ts) \| ([^|]+) \|$/gm)].map(([, attack = "", file = "", name = ""]) => ({
  attack,
  file,
  name,
}));

describe("docs/self.md names for each attack from inside a test that there is", () => {
  it("more than a few", () => expect(rows.length).toBeGreaterThanOrEqual(21));

  it.each(rows)("$attack", ({ file, name }) => {
    const text = readFileSync(fileURLToPath(new URL(file, root)), "utf8");
    expect([`it("${name}"`, `describe("${name}`].some((wanted) => text.includes(wanted))).toBe(true);
  });
});
