import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InstarError } from "@instar/protocol";

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** What listening on a port came to. */
type Tried = { readonly kind: "listening"; readonly server: Server; readonly port: number } | { readonly kind: "taken" | "none" };

const ADDRESSES = ["127.0.0.1", "::1"] as const;
/** Of ports that the system chose, each free on the one address and perhaps not on the other. */
const CHOICES = 20;

/**
 * Listens on one port of both loopback addresses, the first of `ports` that is free on both. `localhost` means either, and a browser asks whichever answers: who had
 * the port of the other one could serve a page of this origin, and read what its pages keep. Where this machine has no IPv6 nobody can.
 *
 * @param ports in the order in which they are wanted; after them any
 * @throws InstarError PLATFORM_FAILED
 */
export async function listenOnLoopback(createServer: () => Server, ports: readonly number[]): Promise<Listening> {
  for (const port of [...ports, ...Array.from({ length: CHOICES }, () => 0)]) {
    const servers = await listenOnBoth(createServer, port);
    if (servers !== undefined) return servers;
  }
  throw new InstarError("PLATFORM_FAILED", "no port is free on loopback");
}

async function listenOnBoth(createServer: () => Server, wanted: number): Promise<Listening | undefined> {
  const servers: Server[] = [];
  let port = wanted;
  for (const host of ADDRESSES) {
    const tried = await listen(createServer(), host, port);
    if (tried.kind === "listening") {
      servers.push(tried.server);
      port = tried.port;
    } else if (tried.kind === "taken" || servers.length === 0) {
      await Promise.all(servers.map(close));
      return undefined;
    }
  }
  return { port, close: async () => void (await Promise.all(servers.map(close))) };
}

/** `none`: this machine has no such address. */
function listen(server: Server, host: string, port: number): Promise<Tried> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT" || error.code === "EINVAL") return resolve({ kind: "none" });
      if (error.code === "EADDRINUSE" || error.code === "EACCES") return resolve({ kind: "taken" });
      reject(new InstarError("PLATFORM_FAILED", `could not listen on ${host}`, { cause: error, facts: { host, port } }));
    };
    server.once("error", fail);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", fail);
      // What goes wrong with one connection ends that connection.
      server.on("error", () => undefined);
      resolve({ kind: "listening", server, port: (server.address() as AddressInfo).port });
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}
