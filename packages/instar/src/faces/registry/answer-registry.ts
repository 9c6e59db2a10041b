import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { InstarError, renderProblem } from "@instar/protocol";
import { openServedFile } from "../open-served-file.ts";
import { type NewestQuestion, parseNewestQuestion } from "./parse-newest-question.ts";
import { planFileAnswer } from "./plan-file-answer.ts";
import { planRegistryPath, type RegistryPlace } from "./plan-registry-path.ts";

/** What a client that cannot speak TUF is told. Nobody signed it. */
export type NewestAnswer =
  | { readonly kind: "found"; readonly version: string; readonly path: string; readonly sha256: string; readonly lengthBytes: number }
  /** `yanked`: why what it runs was taken back. */
  | { readonly kind: "none"; readonly because: string; readonly yanked: string | null };

export interface RegistryRoom {
  readonly repository: string;
  /** @throws InstarError where the metadata say nothing that counts now */
  readonly findNewest: (question: NewestQuestion) => Promise<NewestAnswer>;
}

const COMMON = { "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'" };
const UNSIGNED =
  "Nobody signed this answer. Only the metadata below /metadata prove what a release is: check length and digest against them, with a TUF client.";

/** One request for one file, or the one question. @throws whatever keeps the disk from being read */
export async function answerRegistry(room: RegistryRoom, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "" } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return answerRefused(response, 405, "INPUT_INVALID", "this is read only");
  }
  const place = planRegistryPath(url);
  if (place.kind === "nothing") return answerNothing(response);
  return place.kind === "updates" ? answerNewest(room, place.query, response) : answerFile(room, place, method, request, response);
}

async function answerFile(
  { repository }: RegistryRoom,
  { parts, isForEver }: Extract<RegistryPlace, { kind: "file" }>,
  method: "GET" | "HEAD",
  { headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = await openServedFile(repository, parts);
  if (file === undefined) return answerNothing(response);
  try {
    const { sizeBytes, etag, handle } = file;
    const ifRange = headers["if-range"];
    const plan = planFileAnswer(
      { sizeBytes, etag },
      { method, range: headers.range, ifRange: typeof ifRange === "string" ? ifRange : undefined, ifNoneMatch: headers["if-none-match"] },
    );
    const cache = isForEver ? "public, max-age=31536000, immutable" : "no-cache";
    const about = { ...COMMON, etag, "accept-ranges": "bytes", "cache-control": cache };
    if (plan.kind === "unchanged") return void response.writeHead(304, about).end();
    if (plan.kind === "beyond-its-end") return void response.writeHead(416, { ...COMMON, "content-range": `bytes */${sizeBytes}`, "content-length": 0 }).end();
    const { status, first, last } = plan;
    const lengthBytes = last - first + 1;
    response.writeHead(status, {
      ...about,
      "content-type": parts[0] === "metadata" ? "application/json" : "application/gzip",
      "content-length": lengthBytes,
      ...(status === 206 ? { "content-range": `bytes ${first}-${last}/${sizeBytes}` } : {}),
    });
    if (method === "HEAD" || lengthBytes === 0) return void response.end();
    await pipeline(handle.createReadStream({ start: first, end: last, autoClose: false }), response);
  } finally {
    await file.handle.close();
  }
}

async function answerNewest({ findNewest }: RegistryRoom, query: URLSearchParams, response: ServerResponse): Promise<void> {
  try {
    const question = parseNewestQuestion(query);
    answerJson(response, 200, "application/json", { ...question, isSigned: false, note: UNSIGNED, newest: await findNewest(question) });
  } catch (error) {
    if (!InstarError.is(error) || response.headersSent) throw error;
    if (error.code === "INPUT_INVALID") return answerRefused(response, 400, error.code, error.message);
    answerRefused(response, 503, error.code, "the metadata here say nothing that counts now");
  }
}

const answerNothing = (response: ServerResponse) => answerRefused(response, 404, "NOT_FOUND", "there is nothing here");

/** Of what went wrong on our side a client learns nothing: paths are not his. */
export function answerRefused(response: ServerResponse, status: number, code: InstarError["code"], because: string): void {
  const { type, title } = renderProblem(new InstarError(code, because));
  answerJson(response, status, "application/problem+json", { type, title, status, detail: because, code });
}

function answerJson(response: ServerResponse, status: number, type: string, value: object): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, { ...COMMON, "content-type": type, "content-length": bytes.byteLength, "cache-control": "no-store" });
  // Node leaves the body out where the head alone was asked for.
  response.end(bytes);
}
