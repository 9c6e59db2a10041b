import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { writeFileDurably } from "../../platform/durable-files.ts";

export interface SshQuestion {
  readonly payload: Buffer;
  readonly armoured: string;
  /** The text of a file as ssh-keygen(1) describes under ALLOWED SIGNERS. */
  readonly allowedSigners: string;
  /** Where ssh-keygen is looked for. */
  readonly path: string;
}

/** Who signed; null, and why nobody that is listed did. */
export type Verified = { readonly by: string } | { readonly by: null; readonly because: string };

const WITHIN_MS = 30_000;
/** What a signature of git is over, and no other one of the same key. */
const NAMESPACE = "git";

/**
 * Asks OpenSSH whose signature it is, and whether it is one. Keys count as they do now, not when the commit says that it was made: who has an old key could
 * write any date.
 * @throws InstarError PLATFORM_FAILED (no ssh-keygen), TIMED_OUT; the signal's reason
 */
export async function verifySshSignature({ payload, armoured, allowedSigners, path }: SshQuestion, signal: AbortSignal): Promise<Verified> {
  const folder = await mkdtemp(join(tmpdir(), "instar-signature-"));
  try {
    const signature = join(folder, "signature");
    const signers = join(folder, "signers");
    await writeFileDurably(signature, armoured);
    await writeFileDurably(signers, allowedSigners);
    const ask = (args: readonly string[]) => runKeygen(args, { path, stdin: payload }, signal);
    const found = await ask(["-Y", "find-principals", "-f", signers, "-s", signature]);
    const principals = found.stdout.split("\n").filter((line) => line !== "");
    if (found.status !== 0 || principals.length === 0) return { by: null, because: "it is signed by an SSH key that source.signers.ssh does not list" };
    for (const principal of principals) {
      const { status, stdout } = await ask(["-Y", "verify", "-f", signers, "-I", principal, "-n", NAMESPACE, "-s", signature]);
      const key = /with (\S+) key (SHA256:\S+)/.exec(stdout);
      if (status === 0) return { by: `${principal}${key === null ? "" : ` (${key[1]} ${key[2]})`}` };
    }
    return { by: null, because: "its SSH signature is not one of what it stands under, or its key may not sign for git now" };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runKeygen(
  args: readonly string[],
  { path, stdin }: { readonly path: string; readonly stdin: Buffer },
  signal: AbortSignal,
): Promise<{ status: number; stdout: string }> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = execFile(
      "ssh-keygen",
      [...args],
      { env: { PATH: path, LC_ALL: "C" }, timeout: WITHIN_MS, killSignal: "SIGKILL", signal, maxBuffer: 1_048_576, encoding: "utf8" },
      (error, stdout) => {
        const failure = error as (Error & { code?: number | string; killed?: boolean }) | null;
        if (failure === null) resolve({ status: 0, stdout });
        else if (signal.aborted) reject(signal.reason);
        else if (typeof failure.code === "number") resolve({ status: failure.code, stdout });
        else if (failure.killed === true) reject(new InstarError("TIMED_OUT", `ssh-keygen did not answer within ${WITHIN_MS / 1_000} s`, { transient: true }));
        else
          reject(
            new InstarError("PLATFORM_FAILED", "there is no ssh-keygen on the PATH, and signatures by SSH cannot be checked without it", {
              cause: failure,
              advice: "Install OpenSSH's client (Debian: openssh-client).",
            }),
          );
      },
    );
    child.stdin?.on("error", () => {}); // it may answer before it has read everything; its status tells
    child.stdin?.end(stdin);
  });
}
