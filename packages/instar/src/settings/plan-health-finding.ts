import { type AgentListing, sourcesOf } from "./agent-listing.ts";
import { type Finding, found, notFound } from "./finding.ts";
import type { SettingsFile } from "./settings.ts";

export type HealthAnswer = NonNullable<SettingsFile["health"]>;

/** How Instar can tell that the agent is well: a path that it answers, or, without a port, a line that it writes. */
export function planHealthFinding(listing: AgentListing, directory: string, port: "none" | "given" | number | undefined): Finding<HealthAnswer> {
  const sources = sourcesOf(listing, directory);
  return port === "none" ? planLogHealth(sources) : planHttpHealth(sources);
}

const PATHS = ["/healthz", "/health", "/api/healthz", "/api/health", "/readyz", "/ready", "/livez", "/ping"];

function planHttpHealth(sources: readonly [string, string][]): Finding<HealthAnswer> {
  for (const path of PATHS) {
    const source = sources.find(([, text]) => new RegExp(`["'\`]${path}["'\`?]`).test(text))?.[0];
    if (source !== undefined) return found({ http: { path } }, "likely", `${source} knows ${path}`);
  }
  const root = sources.find(([, text]) => /\.get\(\s*["'`]\/["'`]/.test(text))?.[0];
  if (root !== undefined)
    return found(
      { http: { path: "/" } },
      "guess",
      `no health path was found; ${root} answers at /`,
      "a page that answers says little about health: give the agent a /healthz",
    );
  return notFound(
    `none of ${PATHS.join(", ")} is in the sources`,
    "without a health path only a process that ended counts as unwell: give the agent a /healthz",
  );
}

function planLogHealth(sources: readonly [string, string][]): Finding<HealthAnswer> {
  for (const [path, text] of sources) {
    const said =
      /(?:console\.(?:log|info|error)|\bprint|\blog(?:ger|ging)?\.info|\blog\.Print(?:ln|f)?)\(\s*f?(["'`])([^"'`\n]*\b(?:ready|started|running|online|connected)\b[^"'`\n]*)\1/i.exec(
        text,
      )?.[2];
    const constant = said?.split(/\$\{|\{|%/)[0]?.trim() ?? "";
    if (constant.length >= 4)
      return found({ log: { ready: constant.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&") } }, "guess", `${path} writes a line with "${constant}" when it starts`);
  }
  return notFound("no line such as 'ready' or 'started' is written by the sources");
}
