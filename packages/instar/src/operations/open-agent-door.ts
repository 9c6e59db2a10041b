import { mkdir } from "node:fs/promises";
import { z } from "zod";
import type { Instance } from "../daemon/instance.ts";
import { TokenStore } from "../governance/access/token-store.ts";
import { explainFileError, writeFileDurably } from "../platform/durable-files.ts";
import { readSmallFile } from "../settings/read-small-file.ts";
import { planAgentData, planDoor } from "../settings/self-settings.ts";
import { newId } from "../update/new-id.ts";
import { createToken, revokeToken } from "./create-token.ts";

/** What the token in it is called; nobody else's is. */
const NAME = "self";
const written = z.object({ token: z.string() });

/**
 * Tells an agent that may change itself where this daemon listens, and gives it a token of its own in the role agent: with it nobody approves, answers or
 * administers anything. One that still counts is kept, so that a restart makes no new one.
 *
 * @throws InstarError DISK_FULL, PLATFORM_FAILED
 */
export async function openAgentDoor(instance: Instance, port: number): Promise<void> {
  const { settings, rooms, database } = instance;
  if (settings.self === undefined) return;
  const data = planAgentData(settings.self, rooms.settingsFolder);
  const { deployments } = data;
  await mkdir(deployments, { recursive: true, mode: 0o755 }).catch((error: unknown) => {
    throw explainFileError(error, `could not make ${deployments}`);
  });
  const path = planDoor(data);
  const tokens = new TokenStore({ database, clock: rooms.clock, newId });
  const token = (await readToken(path, tokens)) ?? makeToken(instance, tokens);
  await writeFileDurably(path, `${JSON.stringify({ url: `http://127.0.0.1:${port}`, token })}\n`);
}

/** The one that is written there, where it is this one and still counts: whoever else could write there would gain nothing by it. */
async function readToken(path: string, tokens: TokenStore): Promise<string | undefined> {
  try {
    const { token } = written.parse(JSON.parse((await readSmallFile(path))?.toString("utf8") ?? ""));
    const verified = tokens.verify(token);
    return verified.kind === "known" && verified.token.role === "agent" && verified.token.name === NAME ? token : undefined;
  } catch {
    return undefined;
  }
}

function makeToken(instance: Instance, tokens: TokenStore): string {
  const actor = { type: "system", id: "daemon" } as const;
  const old = tokens.list().find(({ name, state }) => name === NAME && state !== "revoked");
  if (old !== undefined) revokeToken(instance, tokens, old.id, actor);
  return createToken(instance, tokens, { name: NAME, role: "agent", scope: null, expiresAt: null, actor, how: ", for the agent itself" }).secret;
}
