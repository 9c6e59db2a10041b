import type { Socket } from "node:net";
import type { ReleaseCounts } from "../front-counts.ts";
import type { AgentLine, CaseAgent } from "./case-agent.testing.ts";
import type { CaseClient } from "./case-client.testing.ts";
import type { Answer } from "./parse-answer.testing.ts";

/** Something that clients meet, told once; front-switch.test.ts plays it at rest and through every kind of exchange. */
export interface FrontCase {
  readonly name: string;
  /** Places in the story at which an exchange may come. Something of the case is under way at each of them. */
  readonly moments: readonly string[];
  /** Why it has no moments. */
  readonly neverUnderWay?: string;
  /** Writes both sides, byte by byte, and checks what each of them gets. */
  play(scene: Scene): Promise<void>;
  /** How the story leaves `scene.client`. An open connection is used once more; `unsaid` where that makes no sense. */
  readonly leaves: "open" | "closed" | "reset" | "unsaid";
  /** What the release that served it counts; the rest is zero. One request unless it is said otherwise. */
  readonly counted?: Partial<Omit<ReleaseCounts, "latency">>;
  /** The same where it comes into a hold, if that is different. */
  readonly countedWhenHeld?: FrontCase["counted"];
  readonly clientAborts?: number;
  /** How many requests of it wait when it comes into a hold. One unless it is said otherwise. */
  readonly held?: number;
  /** Modes in which it is not played, each with the reason. */
  readonly leftOut?: Partial<Record<Mode, string>>;
  /** Requests that had not begun at the switch go to the new agent: counted together. */
  readonly movesOn?: true;
}

export type Mode = "after the switch" | "half of its head" | "before the switch" | "there and back" | "beside a trial" | "before the hold" | "in the hold";

/** One performance of a case. */
export interface Scene {
  readonly client: CaseClient;
  /** The agent that has to serve it. */
  readonly agent: CaseAgent;
  /** True where the case comes into a hold. */
  readonly isHeld: boolean;
  /** A word that no other performance has. */
  readonly word: string;
  moment(name: string): Promise<void>;
  /** The request that contains a text, whichever agent serves by now. */
  askedAnywhere(containing: string): Promise<AgentLine>;
}

/** What `client.answer()` has to equal. */
export function answered(status: number, reason: string, rest: Partial<Answer> = {}): Answer {
  return { version: "HTTP/1.1", status, reason, lines: [], body: "", framing: "length", trailers: [], interims: [], stays: true, ...rest };
}

/** Bytes that differ along the way, one character each, so that a lost or doubled part shows. */
export function manyBytes(sizeBytes: number): string {
  const block = Buffer.alloc(Math.min(sizeBytes, 65_521));
  for (let at = 0; at < block.length; at += 1) block[at] = (at * 7 + (at >> 8)) % 256;
  const text = block.toString("latin1");
  return text.repeat(Math.ceil(sizeBytes / text.length)).slice(0, sizeBytes);
}

/** Enough to fill every buffer between two processes of any system that we know. */
const STUCK_MAX_BYTES = 64 * 1024 * 1024;

/** Writes until nothing more is taken, because somebody further on does not read; gives what was written. */
export async function writeUntilStuck(socket: Socket, wrap: (block: string) => string = (block) => block): Promise<string> {
  const block = manyBytes(250_000);
  let blocks = 0;
  let quiet = 0;
  let queuedBytes = -1;
  while (quiet < 25) {
    if (socket.writableLength < block.length) {
      socket.write(wrap(block), "latin1");
      blocks += 1;
    }
    if (blocks * block.length > STUCK_MAX_BYTES) throw new Error(`${STUCK_MAX_BYTES} bytes were taken, though nobody reads them`);
    quiet = socket.writableLength === queuedBytes && queuedBytes >= block.length ? quiet + 1 : 0;
    queuedBytes = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return block.repeat(blocks);
}

/** For cases with millions of bytes. */
export const TOO_LARGE_FOR: Partial<Record<Mode, string>> = {
  "there and back": "millions of bytes go through each kind of exchange once, which is enough",
  "beside a trial": "millions of bytes go through each kind of exchange once, which is enough",
  "half of its head": "its head is like every other",
};
