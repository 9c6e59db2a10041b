import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InstarError } from "@instar/protocol";
import { plainText } from "../../platform/plain-text.ts";
import { answerRefused, answerRegistry, type RegistryRoom } from "./answer-registry.ts";

export interface RegistryParts extends RegistryRoom {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Told what went wrong on our side. */
  readonly say: (line: string) => void;
  /** Fewer, for tests. */
  readonly atOnce?: number | undefined;
}

export interface RegistryFace {
  readonly port: number;
  close(): Promise<void>;
}

const AT_ONCE = 256;
/** For a whole head, and for the little of a body that nobody reads. */
const REQUEST_WITHIN_MS = 10_000;
/** Who takes nothing for so long has gone; he asks for the rest with a range. */
const IDLE_MS = 60_000;
/** Of one connection; then it is opened anew, so that none is held for ever. */
const REQUESTS_EACH = 1_000;

/**
 * Shows what is published of a repository to whoever asks: `metadata/` and `targets/`, read only, and one question for clients without TUF. What is served
 * needs no secrecy, and nothing that this server does can make a false release true: that is what the signatures are for.
 *
 * @throws InstarError PORT_IN_USE, PLATFORM_FAILED
 */
export async function serveRegistry({ host, port, say, atOnce = AT_ONCE, ...room }: RegistryParts): Promise<RegistryFace> {
  let busy = 0;
  const server = createServer({ connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 }, (request, response) => {
    busy += 1;
    response.once("close", () => {
      busy -= 1;
    });
    // A body is of no use here, and a connection that still sends one is not used again.
    if (request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined) response.setHeader("connection", "close");
    if (busy > atOnce) {
      response.setHeader("retry-after", "1");
      return answerRefused(response, 503, "RATE_LIMITED", "too many at once");
    }
    answerRegistry(room, request, response).catch((error: unknown) => {
      // Half an answer cannot be taken back: the client sees that its end is missing.
      if (response.headersSent || response.destroyed) return void response.destroy();
      say(`the registry could not answer: ${plainText(error instanceof Error ? error.message : String(error), 300)}`);
      answerRefused(response, 500, "PLATFORM_FAILED", "the registry cannot read this now; its log says why");
    });
  });
  server.headersTimeout = REQUEST_WITHIN_MS;
  server.requestTimeout = REQUEST_WITHIN_MS * 3;
  server.timeout = IDLE_MS;
  server.keepAliveTimeout = 5_000;
  server.maxRequestsPerSocket = REQUESTS_EACH;
  server.maxConnections = atOnce * 4;
  await listen(server, host, port, say);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number, say: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new InstarError("PORT_IN_USE", `the registry cannot be served on port ${port}: something listens there`, { cause, facts: { port } })
          : new InstarError("PLATFORM_FAILED", `the registry cannot be served on ${host}:${port}`, { cause, facts: { host, port } }),
      ),
    );
    server.listen(port, host, () => {
      server.on("error", (error) => say(`the registry: ${error.message}`));
      resolve();
    });
  });
}
