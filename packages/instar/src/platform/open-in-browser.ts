import { spawn } from "node:child_process";

/** The program that opens a file as whoever sits here likes it, and what comes before the file. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
  linux: ["xdg-open"],
};

/** Asks this machine's desktop to open a file, and does not wait for it. @returns false where nothing does */
export function openInBrowser(path: string, environment: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const [program, ...rest] = OPENERS[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(program ?? "", [...rest, path], { env: { ...environment }, stdio: "ignore", detached: true, windowsHide: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}
