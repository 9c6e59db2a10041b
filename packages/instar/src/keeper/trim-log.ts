import { copyFile, stat, truncate } from "node:fs/promises";

/** An agent's log may grow to this; then it becomes `.1` and begins anew. The agent appends, so it never notices. */
const LOG_LIMIT_BYTES = 32 * 1_048_576;

export async function trimLog(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.size < LOG_LIMIT_BYTES) return;
  // A line written between the two is lost: the price of never being a pipe, whose reader's death would kill the agent.
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}
