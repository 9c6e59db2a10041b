import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The number that this machine's systemd calls itself; undefined where there is none. */
export async function readSystemdVersion(): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)("systemctl", ["--version"], { env: { PATH: "/usr/bin:/bin" }, timeout: 5_000 });
    const version = /^systemd (\d+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : Number(version);
  } catch {
    return undefined;
  }
}
