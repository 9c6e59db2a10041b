/** The files that may tell a version, each as text where the commit has it. */
export interface VersionFiles {
  readonly packageJson?: string | undefined;
  readonly pyproject?: string | undefined;
  readonly versionFile?: string | undefined;
}

/** The version a package gives itself: package.json, then pyproject.toml, then VERSION; undefined where none does. Pure. */
export function parsePackageVersion(files: VersionFiles): string | undefined {
  return [versionOfJson(files.packageJson), versionOfToml(files.pyproject), files.versionFile?.split("\n")[0]?.trim()].find(isVersionLike);
}

/** Short and printable: it becomes part of ids, paths' names and log lines. */
function isVersionLike(text: string | undefined): text is string {
  return text !== undefined && /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/.test(text);
}

function versionOfJson(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const version = (JSON.parse(text) as { version?: unknown } | null)?.version;
    return typeof version === "string" ? version.trim() : undefined;
  } catch {
    return undefined; // whether a broken package.json matters is decide-package's question
  }
}

/** Only `version = "…"` under [project] or [tool.poetry]: a computed version is found nowhere in the commit. */
function versionOfToml(text: string | undefined): string | undefined {
  let section = "";
  for (const line of (text ?? "").split(/\r?\n/)) {
    const header = /^\s*\[\s*([\w.-]+)\s*\]\s*(#.*)?$/.exec(line);
    if (header !== null) section = header[1] ?? "";
    const version = /^\s*version\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(line);
    if (version !== null && (section === "project" || section === "tool.poetry")) return version[1] ?? version[2];
  }
  return undefined;
}
