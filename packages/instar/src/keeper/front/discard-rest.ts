import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";

/** As long as a client may go on sending what nobody wants any more. */
const DISCARD_MS = 10_000;

/**
 * Reads and forgets the rest of a request's body, or of everything on a connection whose requests cannot be read any more.
 * A connection closed over unread bytes is reset, and a reset can take the answer that it has just carried away with it
 * (RFC 9112 §9.6); so the rest is read for a while, and only then the connection is cut.
 */
export function discardRest(of: IncomingMessage | Socket, clock: Clock): void {
  const socket = "httpVersion" in of ? of.socket : of;
  const done = new AbortController();
  const stop = () => done.abort();
  socket.once("close", stop);
  of.once("end", stop);
  of.unpipe();
  of.resume();
  clock
    .sleep(DISCARD_MS, done.signal)
    .then(
      () => socket.destroy(),
      () => {}, // All of it came, or the client left.
    )
    .finally(() => {
      socket.off("close", stop);
      of.off("end", stop);
    });
}
