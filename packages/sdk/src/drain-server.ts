import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A server that can be emptied. Made before its first request comes: what was not seen to begin cannot be seen to end. */
export interface DrainedServer {
  /** No new connection, no further request on an old one. @returns when every connection is gone */
  close(): Promise<void>;
  /** Ends what does not end by itself: event streams, connections that became something else (WebSockets), and those on which nobody said anything. */
  endEndless(): void;
  /** Ends whatever is left. @returns how many requests were cut off */
  cut(): number;
}

export function watchServer(server: Server): DrainedServer {
  const sockets = new Set<Socket>();
  const upgraded = new Set<Socket>();
  const open = new Map<ServerResponse, IncomingMessage>();
  let isClosing = false;
  let isEndingEndless = false;

  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // Listeners that are asked whether there are any: without one node:http ends such connections itself.
  const emit = server.emit;
  server.emit = function (this: Server, event: string | symbol, ...rest: unknown[]): boolean {
    if (event === "upgrade" || event === "connect") noteUpgraded(rest[1] as Socket);
    return Reflect.apply(emit, this, [event, ...rest]) as boolean;
  } as typeof server.emit;
  server.prependListener("request", (request, response) => {
    open.set(response, request);
    if (isClosing) askToClose(response);
    response.once("close", () => {
      open.delete(response);
      // The connection is idle from the next turn on.
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
  });

  return {
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        server.close(() => resolve());
        for (const response of open.keys()) askToClose(response);
        server.closeIdleConnections();
      }),
    endEndless: () => {
      isEndingEndless = true;
      for (const [response, request] of open) if (isEventStream(request, response)) response.end();
      for (const socket of upgraded) socket.end();
      // In the next turn: what has arrived is read by then. Node does not count these among the idle ones.
      setImmediate(() => {
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      });
    },
    cut: () => {
      const left = open.size;
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      return left;
    },
  };

  function noteUpgraded(socket: Socket): void {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    if (isEndingEndless) socket.end();
  }
}

function askToClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** A head that was written at once is not remembered by its response; whoever listens to events asked for them. */
const isEventStream = (request: IncomingMessage, response: ServerResponse) =>
  response.headersSent && [response.getHeader("content-type"), request.headers.accept].some((type) => String(type ?? "").includes("text/event-stream"));
