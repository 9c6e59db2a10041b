import type { IncomingMessage } from "node:http";

export function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
}

/** Whether bytes of the body are still to come from the client. (`complete` alone is false for every request whose head has just come.) */
export function isBodyDue(request: IncomingMessage): boolean {
  return hasBody(request) && !request.complete;
}
