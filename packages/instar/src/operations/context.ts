import type { Instance } from "../daemon/instance.ts";
import type { Daemon } from "../daemon/run-daemon.ts";

/** What operations act on. Without a daemon (a face that reads the disk while none runs) commands are refused. */
export interface OperationContext {
  readonly instance: Instance;
  readonly daemon: Daemon | undefined;
  /** Who asks, for the ledger. */
  readonly actor: { readonly type: "user"; readonly id: string };
  readonly versions: { readonly instar: string; readonly node: string };
}
