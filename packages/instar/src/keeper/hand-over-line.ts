import type { Server } from "node:net";
import type { Problem } from "@instar/protocol";
import type { FrontCounts } from "./front/front-counts.ts";

/** What the keeper that is being replaced says to the one that follows it. */
export type PredecessorSays =
  /** The lock is free and nobody tends: it is the successor's turn. `listening`: the address of the socket that it may ask for. */
  | { readonly say: "take"; readonly counts: FrontCounts | null; readonly listening: { readonly host: string; readonly port: number } | null }
  /** Comes with the listening socket. */
  | { readonly say: "socket" }
  /** From here on there is no way back: the successor may change what is remembered. */
  | { readonly say: "yours" }
  /** Counted since it said so last, while it answers what is in flight. */
  | { readonly say: "counted"; readonly counts: FrontCounts | null; readonly connections: number }
  /** Nothing is in flight any more, and this is the last that was counted. */
  | { readonly say: "done"; readonly counts: FrontCounts | null }
  /** It was told to end, and means both. */
  | { readonly say: "end"; readonly keepAgent: boolean };

/** What the keeper that follows says to the one that it replaces. */
export type SuccessorSays =
  /** Code and settings are loaded. */
  | { readonly say: "ready" }
  | { readonly say: "refused"; readonly problem: Problem }
  | { readonly say: "give-socket" }
  /** It has the lock, listens, and has changed nothing yet. */
  | { readonly say: "took" }
  /** Its door is written down. */
  | { readonly say: "reachable" }
  /** It was told to end: the other must not stay. */
  | { readonly say: "hurry" };

/** A process that can be spoken with: the starter as the child sees it, or the child as its starter does. */
export interface Peer {
  readonly connected: boolean;
  on(event: "message", listener: (message: unknown, socket: unknown) => void): unknown;
  once(event: "disconnect", listener: () => void): unknown;
  send(message: object, socket: Server | undefined, flushed: () => void): void;
  disconnect(): void;
}

/** The words of one side to the other. What is heard before anybody asks for it is kept; what is said to nobody is lost in silence. */
export class HandOverLine<Hears extends { readonly say: string }, Says extends { readonly say: string }> {
  readonly #peer: Peer;
  readonly #cut = new AbortController();
  readonly #listeners = new Map<string, (words: Hears, socket: unknown) => void>();
  readonly #unheard: { words: Hears; socket: unknown }[] = [];

  constructor(peer: Peer) {
    this.#peer = peer;
    peer.on("message", (words, socket) => this.#hear(words as Hears, socket));
    peer.once("disconnect", () => this.#cut.abort());
    if (!peer.connected) this.#cut.abort();
  }

  /** Aborted when the other process is gone or has hung up. Everything that it said before was heard. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  /** Called each time, and before the event loop turns: a socket that comes along accepts from then on. */
  on<Word extends Hears["say"]>(word: Word, listener: (words: Extract<Hears, { say: Word }>, socket: unknown) => void): void {
    this.#listeners.set(word, listener as (words: Hears, socket: unknown) => void);
    for (const { words, socket } of this.#unheard.splice(0)) this.#hear(words, socket);
  }

  /** Resolves once the words are on their way. */
  say(words: Says, socket?: Server): Promise<void> {
    return new Promise((resolve) => {
      if (this.#peer.connected) this.#peer.send(words, socket, resolve);
      else resolve();
    });
  }

  hangUp(): void {
    if (this.#peer.connected) this.#peer.disconnect();
  }

  #hear(words: Hears, socket: unknown): void {
    const listener = this.#listeners.get(words.say);
    if (listener === undefined) this.#unheard.push({ words, socket });
    else listener(words, socket);
  }
}
