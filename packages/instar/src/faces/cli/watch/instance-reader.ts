import { stripVTControlCharacters } from "node:util";
import {
  type ApprovalView,
  type InputOf,
  InstarError,
  OPERATIONS,
  type Operation,
  type OperationName,
  type OutputOf,
  type StatusView,
  type UpdateView,
} from "@instar/protocol";
import { printable } from "../printable.ts";
import { plainAnswer } from "./plain-answer.ts";
import { type Heard, NO_LOG, type Reading, type WatchLog } from "./watch-state.ts";

/** Asks one operation. @throws InstarError NOT_RUNNING where no daemon answers */
export type AskOperation = (operation: Operation, input: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<unknown>;

export interface InstanceReaderParts {
  readonly askDaemon: AskOperation;
  /** The same, answered from the disk where no daemon runs. */
  readonly askDisk: AskOperation;
  /** Nobody waits for an answer any more. */
  readonly signal: AbortSignal;
}

type Lists = Pick<Reading, "updates" | "approvals">;

/** Slow enough to cost a daemon nothing, quick enough for a step to be seen. */
export const LOOK_EVERY_MS = 500;

/** Updates to choose from: more than a screen has. */
const UPDATES = 50;
const APPROVALS = 10;
/** Lines of an update's log that are kept. */
const MOST_LINES = 5_000;
/** Answers of a log that are read at once: the rest comes with the next look, so that a long log keeps nobody waiting for the status. */
const MOST_CHUNKS = 16;

/** Reads what an instance says of itself, look by look. All of it is made safe to show here, at the border. */
export class InstanceReader {
  readonly #parts: InstanceReaderParts;
  #log: WatchLog = NO_LOG;
  #lists: Lists & { readonly key: string } = { key: "", updates: [], approvals: [] };
  #hasHeard = false;

  constructor(parts: InstanceReaderParts) {
    this.#parts = parts;
  }

  /**
   * @param chosen an update's id or its first letters; null: the newest
   * @throws InstarError what no later look would mend: there is no such update, or the token may not look
   */
  async look(chosen: string | null): Promise<Heard> {
    try {
      const reading = await this.#read(this.#parts.askDaemon, chosen);
      const log = await this.#readLog(reading.update);
      this.#hasHeard = true;
      return { kind: "reading", reading, log };
    } catch (error) {
      if (isForGood(error)) throw error;
      const because = InstarError.is(error) ? printable(error.message) : "the daemon's answer was not understood";
      if (this.#hasHeard || this.#parts.signal.aborted || !InstarError.is(error, "NOT_RUNNING")) return { kind: "silence", because };
      return { kind: "disk", reading: await this.#read(this.#parts.askDisk, chosen), because };
    }
  }

  /** Asks anything, for showing. */
  async ask<Name extends OperationName>(name: Name, input: Partial<InputOf<Name>>): Promise<OutputOf<Name>> {
    return this.#ask(this.#parts.askDaemon, name, input);
  }

  async #read(ask: AskOperation, chosen: string | null): Promise<Reading> {
    const status = await this.#ask(ask, "status", {});
    const lists = await this.#readLists(ask, status);
    const update = chosen === null ? status.update : await this.#ask(ask, "update.show", { update: chosen });
    const metrics = status.observation === null ? null : await this.#ask(ask, "metrics", {});
    return { status, updates: lists.updates, approvals: lists.approvals, update, metrics };
  }

  /** Of an instance with ten thousand updates these cost more than all else: they are asked for where the newest update says that they changed. */
  async #readLists(ask: AskOperation, { update: newest, state }: StatusView): Promise<Lists> {
    const key = `${newest?.id} ${newest?.outcome} ${state}`;
    const isKnown = this.#lists.key === key;
    const updates = isKnown ? this.#lists.updates : (await this.#ask(ask, "update.list", { limit: UPDATES })).updates;
    const approvals =
      isKnown && state !== "approving"
        ? this.#lists.approvals
        : (await this.#ask(ask, "approval.list", { limit: APPROVALS })).approvals.filter((each) => isOfThisMoment(each, newest));
    this.#lists = { key, updates: updates.map((update) => (update.id === newest?.id ? newest : update)), approvals };
    return this.#lists;
  }

  async #readLog(update: UpdateView | null): Promise<WatchLog> {
    if (update === null) return this.#log;
    if (this.#log.update !== update.id) this.#log = { ...NO_LOG, update: update.id };
    for (let chunk = 0; chunk < MOST_CHUNKS; chunk += 1) {
      const { text, next, isAll } = (await this.#parts.askDaemon(
        operationOf("update.output"),
        {
          update: update.id,
          from: this.#log.from,
        },
        this.#parts.signal,
      )) as OutputOf<"update.output">;
      const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n").map(plainLine);
      this.#log = { update: update.id, from: next, total: this.#log.total + lines.length, lines: [...this.#log.lines, ...lines].slice(-MOST_LINES) };
      if (isAll || text === "") break;
    }
    return this.#log;
  }

  async #ask<Name extends OperationName>(ask: AskOperation, name: Name, input: Partial<InputOf<Name>>): Promise<OutputOf<Name>> {
    return plainAnswer((await ask(operationOf(name), input, this.#parts.signal)) as OutputOf<Name>);
  }
}

export function operationOf(name: OperationName): Operation {
  const found = (OPERATIONS as readonly Operation[]).find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`the table has no ${name}`);
  return found;
}

/** Asked a moment later, it may tell of a question whose update was still being decided upon when that was looked at: it is shown with the next look, and all that it hangs on. */
const isOfThisMoment = ({ update, state }: ApprovalView, newest: UpdateView | null) =>
  state !== "waiting" || update !== newest?.id || newest.steps.some((step) => step.id === "approve" && step.state === "waiting");

const FOR_GOOD = ["UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "INPUT_INVALID"] as const;
const isForGood = (error: unknown) => FOR_GOOD.some((code) => InstarError.is(error, code));

/** Colours of a program that thinks it has a terminal are dropped; whatever else would steer ours is written as what it is. */
const plainLine = (line: string) => printable(stripVTControlCharacters(line.replaceAll("\t", "  ").replace(/\r$/, "")));
