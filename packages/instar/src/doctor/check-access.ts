import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TokenView } from "@instar/protocol";
import type { DoorRole } from "../governance/access/plan-door-role.ts";
import { findTokenSecrets } from "../governance/access/token-secret.ts";
import type { TokenStore } from "../governance/access/token-store.ts";
import { type Check, failed, passed } from "./check-data.ts";

export interface AccessFacts {
  readonly door: DoorRole;
  /** The instance's data folder. */
  readonly folder: string;
  readonly tokens: TokenStore;
  /** What the agent can read, one folder deep; files are looked into, too. */
  readonly readable: readonly string[];
}

const DATA_FILES = ["daemon.json", "instar.db", "keys", "keys/ledger.pem"];
/** An agent's folder holds tens of files; who keeps thousands there is told that not all were looked into. */
const MOST_FILES = 300;
const MOST_BYTES = 262_144;
/** What such a token may do is more than an agent may. */
const BEYOND_AN_AGENT: ReadonlySet<string> = new Set(["operator", "approver", "admin"]);

/** Who could come in who should not. */
export async function checkAccess({ door, folder, tokens, readable }: AccessFacts): Promise<Check[]> {
  return [
    passed("access", "door", `the role of the instance's own door is ${door.role}: ${door.because}`),
    ...(await Promise.all(["", ...DATA_FILES].map((name) => checkMode(join(folder, name))))).flat(),
    ...(await checkTokenFiles(tokens, readable)),
    checkStrongTokens(tokens.list()),
  ];
}

async function checkMode(path: string): Promise<Check[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || process.platform === "win32") return [];
  const isOpen = (found.mode & 0o077) !== 0;
  if (isOpen) return [failed("access", path, "others than its owner may open it", `chmod go= ${path}`)];
  return [passed("access", path, "only its owner may open it")];
}

async function checkTokenFiles(tokens: TokenStore, readable: readonly string[]): Promise<Check[]> {
  const files = (await Promise.all(readable.map(listFiles))).flat();
  const looked = [...new Set(files)].slice(0, MOST_FILES);
  const checks: Check[] = [];
  for (const path of looked) for (const secret of findTokenSecrets(await readStart(path))) checks.push(judgeFound(tokens, path, secret));
  const left = new Set(files).size - looked.length;
  if (left > 0)
    checks.push({
      area: "access",
      what: "files of the agent",
      verdict: "inconclusive",
      because: `${left} files were not looked into for tokens`,
      advice: "",
    });
  return checks.length > 0 ? checks : [passed("access", "files of the agent", `no token lies in the ${looked.length} that were looked into`)];
}

/** Neither the secret nor what stands beside it is said: a doctor's words are passed around. */
function judgeFound(tokens: TokenStore, path: string, secret: string): Check {
  const found = tokens.verify(secret);
  if (found.kind === "refused") return passed("access", path, `a token lies there that does not count (${found.why})`);
  const { id, name, role } = found.token;
  if (!BEYOND_AN_AGENT.has(role)) return passed("access", path, `the token ${name} (${id}) lies there, and may no more than an agent: ${role}`);
  return failed(
    "access",
    path,
    `the agent can read the token ${name} there, which is ${role}`,
    `\`instar token revoke ${id}\`, and keep the next one elsewhere.`,
  );
}

function checkStrongTokens(all: readonly TokenView[]): Check {
  const strong = all.filter(({ role, state }) => state === "living" && (role === "admin" || role === "approver"));
  const endless = strong.filter(({ expiresAt }) => expiresAt === null).map(({ name, id }) => `${name} (${id})`);
  const because = `${strong.length} tokens may approve or administer`;
  if (endless.length === 0) return passed("access", "tokens", because);
  return {
    area: "access",
    what: "tokens",
    verdict: "inconclusive",
    because: `${because}; these never end: ${endless.join(", ")}`,
    advice: "`instar token revoke` ends one; one that is made without `--expires never` ends by itself.",
  };
}

/** A file is itself; a folder is the files in it, not those below. */
async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [path];
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(path, name));
}

/** As one byte a letter, whatever it is; nothing of what is no plain file or far too long: a pipe would be waited on for ever. */
async function readStart(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const found = await file.stat();
    if (!found.isFile()) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    return buffer.subarray(0, bytesRead).toString("latin1");
  } catch {
    return "";
  } finally {
    await file.close();
  }
}
