import { readFileSync } from "node:fs";
import { ERROR_CODES, type ErrorCode, exitStatusOf, InstarError, parseProblem, renderProblem } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { scanSource } from "../../scripts/check/scan-source.ts";
import { renderErrorFacts } from "../../scripts/generated-files.ts";

const source = (path: string) => readFileSync(new URL(`../../packages/protocol/src/${path}`, import.meta.url), "utf8");

it("@instar/protocol exports what others were told, types and all", async () => {
  const modules = scanSource("index.ts", source("index.ts")).imports.map(({ specifier }) => specifier);
  const exported = modules.flatMap((path) => scanSource(path, source(path)).exports.map(({ name, isType }) => `${isType ? "type " : ""}${name}`));
  await expect(`${exported.toSorted().join("\n")}\n`).toMatchFileSnapshot("expected/protocol-exports.txt");
});

describe("error codes:", () => {
  const codes = Object.entries(ERROR_CODES);

  it("each keeps its number, exit status and HTTP status", async () => {
    const table = codes.map(([code, { number, exit, status }]) => `${number} ${code} exit ${exit} HTTP ${status}\n`).join("");
    await expect(table).toMatchFileSnapshot("expected/error-codes.txt");
  });

  it("numbers are there once, and exit statuses are those that `--help` explains", () => {
    expect(new Set(codes.map(([, { number }]) => number)).size).toBe(codes.length);
    for (const [, { exit }] of codes) expect([2, 3, 4, 5, 6, 7, 8, 9]).toContain(exit);
  });

  it.each(Object.keys(ERROR_CODES) as ErrorCode[])("%s becomes its exit status, and comes whole through the wire", (code) => {
    const error = new InstarError(code, "a sentence", { facts: { a: 1 }, advice: "Do it." });
    const back = parseProblem(renderProblem(error));
    expect(exitStatusOf(error)).toBe(ERROR_CODES[code].exit);
    expect(exitStatusOf(back)).toBe(ERROR_CODES[code].exit);
    expect(back).toMatchObject({ code, message: "a sentence", facts: { a: 1 }, advice: "Do it." });
  });

  it("an error that is none of ours exits with 1", () => expect(exitStatusOf(new Error("x"))).toBe(1));

  it("a problem's type names a section of the page about errors", () => {
    const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
    for (const [code] of codes) {
      const { type } = renderProblem(new InstarError(code as ErrorCode, "x"));
      expect(page).toContain(`<a id="${type.split("#")[1]}"></a>`);
    }
    expect(renderErrorFacts(page)).toBe(page);
  });
});
