import { access, constants, stat } from "node:fs/promises";
import { resolve } from "node:path";

/** Where a program lies that is started from `cwd` with this environment; undefined where there is none. A name without a slash is looked for on the PATH. */
export async function findProgram(name: string, cwd: string, environment: Readonly<Record<string, string>>): Promise<string | undefined> {
  const places = name.includes("/") ? [resolve(cwd, name)] : (environment.PATH ?? "/usr/bin:/bin").split(":").map((folder) => resolve(cwd, folder, name));
  for (const path of name === "" ? [] : places) if (await canStart(path)) return path;
  return undefined;
}

async function canStart(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
