import { z } from "zod";
import type { Found } from "./compare-findings.ts";
import { placeInTree } from "./place-in-tree.ts";

export type StyleFormat = "eslint" | "biome" | "oxlint" | "ruff" | "flake8";
export type StyleReport = { readonly kind: "found"; readonly found: readonly Found[] } | { readonly kind: "broken"; readonly because: string };

const MOST = 10_000;

/** What a linter says of files of the tree. What it says of others is dropped; what is not in its form is no answer. Never throws. */
export function parseStyleOutput(format: StyleFormat, text: string, tree: string): StyleReport {
  const parsed = format === "flake8" ? parseFlake8(text) : parseJsonReport(format, text);
  if (parsed === undefined) return { kind: "broken", because: "its report is not in the form that it promises" };
  const found = parsed.flatMap((one): Found[] => {
    const path = placeInTree(one.path, tree);
    return path === undefined ? [] : [{ ...one, path }];
  });
  return { kind: "found", found: found.slice(0, MOST) };
}

function parseJsonReport(format: Exclude<StyleFormat, "flake8">, text: string): Found[] | undefined {
  const opening = format === "eslint" || format === "ruff" ? "[" : "{";
  const json = findJson(text, opening);
  if (json === undefined) return undefined;
  switch (format) {
    case "eslint":
      return readEslint(json);
    case "biome":
      return readBiome(json);
    case "oxlint":
      return readOxlint(json);
    case "ruff":
      return readRuff(json);
  }
}

/** Tools may say something before and after it, and more than one thing may look like a beginning. */
const TRIES = 20;

function findJson(text: string, opening: "[" | "{"): unknown {
  const end = text.lastIndexOf(opening === "[" ? "]" : "}") + 1;
  let from = text.startsWith(opening) ? 0 : text.indexOf(`\n${opening}`) + 1;
  if (end === 0 || (from === 0 && !text.startsWith(opening))) return undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return JSON.parse(text.slice(from, end));
    } catch {
      const next = text.indexOf(`\n${opening}`, from);
      if (next === -1) return undefined;
      from = next + 1;
    }
  }
  return undefined;
}

const line = z.int().nonnegative().nullish();

const eslintReport = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(z.object({ ruleId: z.string().nullish(), severity: z.int(), message: z.string(), line, fatal: z.boolean().optional() })),
  }),
);

function readEslint(json: unknown): Found[] | undefined {
  return eslintReport.safeParse(json).data?.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, severity, message, line, fatal }): Found => {
      const isIgnored = !ruleId && fatal !== true && severity < 2;
      return {
        rule: ruleId ?? (isIgnored ? "ignored" : "fatal"),
        path: filePath,
        line: line || null,
        severity: isIgnored ? "note" : severity >= 2 ? "error" : "warning",
        message,
      };
    }),
  );
}

const biomePath = z.union([z.string(), z.object({ file: z.string() }).transform(({ file }) => file)]);
const biomeReport = z.object({
  summary: z.object({ diagnosticsNotPrinted: z.int().optional() }),
  diagnostics: z.array(
    z.object({
      severity: z.string(),
      category: z.string().nullish(),
      message: z.unknown().optional(),
      description: z.string().optional(),
      location: z.object({ path: biomePath.nullish(), start: z.object({ line }).nullish() }).nullish(),
    }),
  ),
});

function readBiome(json: unknown): Found[] | undefined {
  const report = biomeReport.safeParse(json).data;
  if (report === undefined || (report.summary.diagnosticsNotPrinted ?? 0) > 0) return undefined;
  return report.diagnostics.map(({ severity, category, message, description, location }) => ({
    rule: category ?? "biome",
    path: location?.path ?? "",
    line: location?.start?.line || null,
    severity: severity === "error" || severity === "fatal" ? "error" : severity === "warning" ? "warning" : "note",
    message: typeof message === "string" ? message : (description ?? "biome found something"),
  }));
}

const oxlintReport = z.object({
  diagnostics: z.array(
    z.object({
      message: z.string(),
      code: z.string().optional(),
      severity: z.string(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line }) })),
    }),
  ),
  number_of_files: z.int().positive(),
});

function readOxlint(json: unknown): Found[] | undefined {
  return oxlintReport.safeParse(json).data?.diagnostics.map(({ message, code, severity, filename, labels }) => ({
    rule: code ?? "parse",
    path: filename,
    line: labels[0]?.span.line || null,
    severity: severity === "error" ? "error" : severity === "warning" ? "warning" : "note",
    message,
  }));
}

const ruffReport = z.array(z.object({ code: z.string().nullish(), filename: z.string(), message: z.string(), location: z.object({ row: line }).nullish() }));

/** ruff knows no severities: what is on is meant. */
function readRuff(json: unknown): Found[] | undefined {
  return ruffReport.safeParse(json).data?.map(({ code, filename, message, location }) => ({
    rule: code ?? "syntax",
    path: filename,
    line: location?.row || null,
    severity: "error",
    message,
  }));
}

const LONGEST_LINE = 2_000;

function parseFlake8(text: string): Found[] | undefined {
  const found: Found[] = [];
  for (const row of text.split("\n", MOST * 2)) {
    if (row.trim() === "") continue;
    const at = /:(\d{1,9}):\d{1,9}: ([A-Z]{1,4}\d{1,4}) /.exec(row.slice(0, LONGEST_LINE));
    if (at === null) return undefined;
    const [whole, line, rule = ""] = at;
    const severity = /^(?:E9|F)/.test(rule) ? "error" : "warning";
    found.push({ rule, path: row.slice(0, at.index), line: Number(line), severity, message: row.slice(at.index + whole.length, LONGEST_LINE) });
  }
  return found;
}
