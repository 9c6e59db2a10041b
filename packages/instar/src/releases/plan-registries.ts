import type { Command } from "../settings/settings.ts";

/** Where each package manager fetches from by itself, as host or host:port. */
const REGISTRIES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(npm|npx|pnpm|bun)$/, ["registry.npmjs.org"]],
  [/^yarn$/, ["registry.yarnpkg.com", "registry.npmjs.org"]],
  [/^(pip3?|python3?|uv|poetry|pdm|pipenv)$/, ["pypi.org", "files.pythonhosted.org"]],
  [/^cargo$/, ["index.crates.io", "static.crates.io"]],
  [/^go$/, ["proxy.golang.org", "sum.golang.org"]],
  [/^(bundle|gem)$/, ["rubygems.org", "index.rubygems.org"]],
];

/**
 * The only hosts that installing may reach: what install.registries says, else the public registries of the package managers that the command
 * names. A lockfile's own hosts are not asked: the candidate wrote it. An unknown command reaches nothing.
 */
export function planRegistries(command: Command, configured: readonly string[] | undefined): readonly string[] {
  if (configured !== undefined) return configured;
  const words = (typeof command === "string" ? command.split(/[\s;&|()]+/) : command.flatMap((word) => word.split(/[\s;&|()]+/))).map(
    (word) => word.split("/").at(-1) ?? "",
  );
  return [...new Set(REGISTRIES.flatMap(([program, hosts]) => (words.some((word) => program.test(word)) ? hosts : [])))];
}
