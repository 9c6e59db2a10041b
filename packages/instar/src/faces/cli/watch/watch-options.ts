import type { Operation } from "@instar/protocol";
import type { Clock } from "../../../platform/clock.ts";
import type { AskOperation, InstanceReader } from "./instance-reader.ts";
import type { OpenScreen } from "./show-screen.ts";

export interface WatchOptions {
  /** An update's id or its first letters, to look at instead of the newest. */
  readonly update: string | undefined;
  readonly isJson: boolean;
  /** Where changes are printed: what jobs write is printed too. */
  readonly showsOutput: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly askDaemon: AskOperation;
  /** The same, answered from the disk where no daemon runs. */
  readonly askDisk: AskOperation;
  /** Sends a command; one that the own door may not, once more with the token that `askForToken` was given. */
  readonly send: (
    operation: Operation,
    input: Readonly<Record<string, unknown>>,
    askForToken: () => Promise<string | undefined>,
    signal: AbortSignal,
  ) => Promise<unknown>;
  readonly askForToken: () => Promise<string | undefined>;
  readonly openScreen: () => Promise<OpenScreen>;
  readonly clock: Clock;
}

/** What the two ways of showing it have beside. */
export interface Watching extends WatchOptions {
  readonly reader: InstanceReader;
  /** Ends all of it; its reason is an exit status or what went wrong. */
  readonly ends: AbortController;
}
