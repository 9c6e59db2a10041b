import { request } from "node:http";
import type { Door } from "./read-door.ts";

export interface Sent {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** JSON, of a POST. */
  readonly body: string | null;
  /** Ends it, wherever it is. */
  readonly signal: AbortSignal;
  /** False: waiting for the answer does not keep the process alive. */
  readonly holds: boolean;
}

export type Reply =
  | { readonly kind: "answered"; readonly status: number; readonly contentType: string; readonly body: string }
  /** Nobody is there: nothing was sent. */
  | { readonly kind: "unreached" }
  /** A connection was made, and no whole answer came. */
  | { readonly kind: "lost" }
  | { readonly kind: "too-long" }
  /** The signal came. */
  | { readonly kind: "ended"; readonly wasSent: boolean };

/** Two hundred deployments whose texts are as long as they may be have less. */
const LIMIT_BYTES = 16 * 1_048_576;

/** One request on one connection of its own: no pool remembers a daemon that is gone. No redirect is followed, nothing is decoded. Never rejects. */
export function sendRequest({ host, port, token }: Door, { method, path, body, signal, holds }: Sent): Promise<Reply> {
  if (signal.aborted) return Promise.resolve({ kind: "ended", wasSent: false });
  return new Promise((resolve) => {
    let isConnected = false;
    const end = (reply: Reply): void => {
      signal.removeEventListener("abort", stop);
      resolve(reply);
      call.destroy();
    };
    const stop = (): void => end({ kind: "ended", wasSent: isConnected });
    const broken = (): void => end({ kind: isConnected ? "lost" : "unreached" });
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json, application/problem+json",
      ...(body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const call = request({ host, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on("data", (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > LIMIT_BYTES) end({ kind: "too-long" });
        else chunks.push(chunk);
      });
      response.on("error", broken);
      // Not emitted where the answer breaks off.
      response.on("end", () =>
        end({
          kind: "answered",
          status: response.statusCode ?? 0,
          contentType: response.headers["content-type"] ?? "",
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    call.on("socket", (socket) => {
      if (!holds) socket.unref();
      socket.once("connect", () => {
        isConnected = true;
      });
    });
    call.on("error", broken);
    signal.addEventListener("abort", stop, { once: true });
    call.end(body ?? undefined);
  });
}
