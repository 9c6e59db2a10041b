import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Resets a connection, so that nobody can take what came for whole. Over TLS too: there the end of TCP alone should say that something is
 * missing (RFC 8446 §6.1), but many programs take it for the end of what they read.
 */
export function cutConnection(socket: Socket): void {
  try {
    tcpBeneath(socket).resetAndDestroy();
  } catch {
    // A Unix socket knows no reset, and TLS over something that is hidden from us neither.
  }
  socket.destroy();
}

/** What carries a connection; a plain one carries itself. Node has no word for it in public: where it comes to hide it, TLS carries itself too. */
export function tcpBeneath(socket: Socket): Socket {
  return (socket instanceof TLSSocket ? (socket as TLSSocket & { readonly _parent?: Socket })._parent : undefined) ?? socket;
}
