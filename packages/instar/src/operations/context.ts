import type { Instance } from "../daemon/instance.ts";
import type { Daemon } from "../daemon/run-daemon.ts";
import type { Caller } from "../governance/access/caller.ts";
import type { LoginCodes } from "../governance/access/login-codes.ts";
import type { TokenStore } from "../governance/access/token-store.ts";
import type { PendingChallenges } from "../governance/passkeys/pending-challenges.ts";
import type { AskedOfPasskey } from "./asked-of-passkey.ts";
import type { BackupJobs } from "./backup-jobs.ts";
import type { CodeChecks } from "./code-checks.ts";
import type { NoteCount } from "./note-count.ts";

/** What operations act on, whoever asks; built once, since what outlives a request is remembered here. Without a daemon commands are refused. */
export interface OperationRooms {
  readonly instance: Instance;
  readonly daemon: Daemon | undefined;
  readonly versions: { readonly instar: string; readonly node: string };
  readonly backupJobs: BackupJobs;
  readonly codeChecks: CodeChecks;
  readonly noteCount: NoteCount;
  readonly tokens: TokenStore;
  readonly loginCodes: LoginCodes;
  readonly pendingPasskeys: PendingChallenges<AskedOfPasskey>;
}

/** The same for one caller: cheap to make, so made for each request. */
export interface OperationContext extends OperationRooms {
  readonly caller: Caller;
  /** The caller as ledger and journal say it. */
  readonly actor: { readonly type: "user" | "agent"; readonly id: string };
}
