import { execFileSync } from "node:child_process";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why tests cannot have a small file system of their own here; undefined when they can. */
export function describeTinyDisk(): string | undefined {
  if (process.platform !== "linux") return "only Linux mounts a tmpfs";
  if (process.getuid?.() !== 0) return "only root may mount";
  try {
    execFileSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "this container may not mount";
  }
}

/** Gives a file system of its own to `act`, and takes it away after, whatever happened. */
export async function withTinyDisk(sizeMiB: number, act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "instar-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", folder]);
  try {
    await act(folder);
  } finally {
    execFileSync("umount", [folder]);
    await rmdir(folder);
  }
}
