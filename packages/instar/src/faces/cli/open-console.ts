import { join } from "node:path";
import { writeFileDurably } from "../../platform/durable-files.ts";
import { openInBrowser } from "../../platform/open-in-browser.ts";

/**
 * Opens the console by a page on disk that leads there: the arguments of a program are read by every user of the machine, and the address has a login code in it.
 * The page stays; its code counts once and for two minutes.
 *
 * @returns false where this machine has no browser to open
 */
export async function openConsole(url: string, folder: string, environment: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const path = join(folder, "open-console.html");
  await writeFileDurably(path, `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}"><title>Instar</title>\n`);
  return openInBrowser(path, { ...environment, INSTAR_TOKEN: undefined });
}
