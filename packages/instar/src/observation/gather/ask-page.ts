import { request } from "node:http";
import type { Clock } from "../../platform/clock.ts";
import { heard, type Reading, silent } from "./reading.ts";

export interface Page {
  readonly text: string;
  readonly contentType: string;
}

/** A page of ten thousand series has less. */
const LIMIT_BYTES = 1_048_576;

/**
 * What a running agent answers on a port of this machine, over loopback and nowhere else: any 2xx, whole. Bounded in bytes, and in time as a whole, however slowly it drips; no
 * redirect is followed and nothing is decoded.
 */
export async function askPage(at: {
  readonly port: number;
  readonly path: string;
  readonly accept?: string;
  readonly withinMs: number;
  readonly clock: Pick<Clock, "sleep">;
}): Promise<Reading<Page>> {
  const { port, path, accept = "*/*", withinMs, clock } = at;
  const over = new AbortController();
  const late = clock.sleep(withinMs, over.signal).then(
    () => silent(`no answer to GET ${path} within ${withinMs / 1_000} s`),
    () => silent("it was stopped"),
  );
  let end: () => void = () => undefined;
  const answered = new Promise<Reading<Page>>((resolve) => {
    const call = request({ host: "127.0.0.1", port, path, headers: { accept }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on("data", (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes <= LIMIT_BYTES) chunks.push(chunk);
        else {
          resolve(silent(`its answer to GET ${path} is larger than ${LIMIT_BYTES / 1_048_576} MiB`));
          call.destroy();
        }
      });
      response.on("error", () => resolve(silent(`the answer to GET ${path} broke off`)));
      response.on("close", () => {
        const status = response.statusCode ?? 0;
        if (!response.complete) resolve(silent(`the answer to GET ${path} broke off`));
        else if (status < 200 || status > 299) resolve(silent(`GET ${path} answered ${status}`));
        else resolve(heard({ text: Buffer.concat(chunks).toString("utf8"), contentType: response.headers["content-type"] ?? "" }));
      });
    });
    call.on("error", () => resolve(silent(`no answer to GET ${path}`)));
    end = () => call.destroy();
    call.end();
  });
  const answer = await Promise.race([answered, late]);
  over.abort();
  end();
  return answer;
}
