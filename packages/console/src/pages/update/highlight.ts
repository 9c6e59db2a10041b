import type { Syntax } from "refractor";
import { refractor } from "refractor/core";

type Bring = () => Promise<{ readonly default: Syntax }>;

/** A file of its own for each language: what nobody reads is not brought. */
const LANGUAGES: Readonly<Record<string, Bring>> = {
  bash: () => import("refractor/bash"),
  css: () => import("refractor/css"),
  docker: () => import("refractor/docker"),
  go: () => import("refractor/go"),
  ini: () => import("refractor/ini"),
  javascript: () => import("refractor/javascript"),
  json: () => import("refractor/json"),
  jsx: () => import("refractor/jsx"),
  markdown: () => import("refractor/markdown"),
  markup: () => import("refractor/markup"),
  python: () => import("refractor/python"),
  rust: () => import("refractor/rust"),
  sql: () => import("refractor/sql"),
  toml: () => import("refractor/toml"),
  tsx: () => import("refractor/tsx"),
  typescript: () => import("refractor/typescript"),
  yaml: () => import("refractor/yaml"),
};

const BY_END: Readonly<Record<string, string>> = {
  bash: "bash",
  cjs: "javascript",
  css: "css",
  cts: "typescript",
  go: "go",
  html: "markup",
  ini: "ini",
  js: "javascript",
  json: "json",
  jsonc: "json",
  jsx: "jsx",
  md: "markdown",
  mjs: "javascript",
  mts: "typescript",
  py: "python",
  rs: "rust",
  sh: "bash",
  sql: "sql",
  svg: "markup",
  toml: "toml",
  ts: "typescript",
  tsx: "tsx",
  xml: "markup",
  yaml: "yaml",
  yml: "yaml",
};

/** By the end of its name; undefined where it is none that is coloured. */
export function languageOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  if (name === "dockerfile" || name === "containerfile") return "docker";
  const end = name.slice(name.lastIndexOf(".") + 1);
  return Object.hasOwn(BY_END, end) ? BY_END[end] : undefined;
}

/** What colours a language, in the shape that the diff's tokens want: a list of nodes. */
export async function bringLanguage(language: string): Promise<typeof refractor> {
  const bring = LANGUAGES[language];
  if (bring !== undefined && !refractor.registered(language)) refractor.register((await bring()).default);
  return { ...refractor, highlight: (code: string, name: string) => refractor.highlight(code, name).children } as unknown as typeof refractor;
}
