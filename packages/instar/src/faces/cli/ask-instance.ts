import { type InputOf, InstarError, needOf, type Operation } from "@instar/protocol";
import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { ReadSettings } from "../../settings/read-settings.ts";
import { parseInput } from "../parse-input.ts";
import { callDaemon } from "./connect.ts";

/** Passed from compose.ts to the operations; no face looks inside. */
type Instance = OperationContext["instance"];

/** What answers where no daemon does. */
export interface AnswersFromDisk {
  readonly openForReading: (read: ReadSettings, folder: string) => Promise<Instance>;
  /** @param token what somebody showed; undefined: the process's own user asks */
  readonly answerOffline: (instance: Instance, operation: Operation, input: Record<string, unknown>, token: string | undefined) => Promise<unknown>;
  /** Makes a token in the database itself. @throws InstarError FORBIDDEN where a token of role admin lives, NOT_RUNNING */
  readonly createFirstToken: (read: ReadSettings, folder: string, input: InputOf<"token.create">) => Promise<unknown>;
}

export interface Asking {
  readonly read: ReadSettings;
  readonly folder: string;
  /** Shown instead of the instance's own door's. */
  readonly token: string | undefined;
  /** Asks whoever sits at a terminal for one; undefined where nobody does, or has none. */
  readonly askForToken: () => Promise<string | undefined>;
  /** Whoever asked waits for no answer any more. */
  readonly signal?: AbortSignal;
}

/** A running daemon answers; where none runs, queries are answered from the disk. What the door alone may not is tried once more with a person's token. */
export async function askInstance(parts: AnswersFromDisk, asking: Asking, operation: Operation, input: Record<string, unknown>): Promise<unknown> {
  const { read, folder } = asking;
  try {
    return await ask(parts, asking, operation, input);
  } catch (error) {
    if (asking.token !== undefined) throw error;
    if (operation.name === "token.create" && (InstarError.is(error, "FORBIDDEN") || InstarError.is(error, "NOT_RUNNING"))) {
      const first = await createFirst(parts, read, folder, parseInput(operation, input) as InputOf<"token.create">, error);
      if (first !== undefined) return first;
    }
    if (!InstarError.is(error, "FORBIDDEN") || !["answer", "administer"].includes(needOf(operation))) throw error;
    const token = await asking.askForToken();
    if (token === undefined) throw error;
    return ask(parts, { ...asking, token }, operation, input);
  }
}

/** @throws InstarError NOT_RUNNING where no daemon lives, or nobody waits for its answer any more */
export async function askDaemon(
  folder: string,
  token: string | undefined,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<unknown> {
  const door = await readDaemonDoor(folder);
  if (door === undefined) throw new InstarError("NOT_RUNNING", "no daemon runs");
  return callDaemon(token === undefined ? door : { ...door, token }, operation, input, signal);
}

async function ask(parts: AnswersFromDisk, { read, folder, token, signal }: Asking, operation: Operation, input: Record<string, unknown>): Promise<unknown> {
  const door = await readDaemonDoor(folder);
  if (door !== undefined) return callDaemon(token === undefined ? door : { ...door, token }, operation, input, signal);
  if (!operation.offline)
    throw new InstarError("NOT_RUNNING", `Instar does not run for ${read.settings.name}`, { facts: { folder }, advice: "Start it with `instar up`." });
  const instance = await parts.openForReading(read, folder);
  try {
    return await parts.answerOffline(instance, operation, input, token);
  } finally {
    instance.close();
  }
}

/** Undefined where somebody else is to make it: then the door's own words stand. */
async function createFirst(parts: AnswersFromDisk, read: ReadSettings, folder: string, input: InputOf<"token.create">, refused: InstarError): Promise<unknown> {
  try {
    return await parts.createFirstToken(read, folder, input);
  } catch (error) {
    if (InstarError.is(error, "FORBIDDEN")) return undefined;
    throw InstarError.is(error, "NOT_RUNNING") ? refused : error;
  }
}
