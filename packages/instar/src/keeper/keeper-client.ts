import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { InstarError, type Problem, parseProblem } from "@instar/protocol";
import { readJsonFile } from "../platform/durable-files.ts";
import { isSameProcess } from "../platform/process-identity.ts";
import type { KeeperReport, SaidCommand } from "./keeper-control.ts";

/**
 * The daemon's way to the keeper. The door's address is read anew for every call, since a keeper that was replaced has another.
 * A keeper that does not answer is KEEPER_UNREACHABLE and transient: it is being started again.
 */
export class KeeperClient {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, "keeper", "control.json");
  }

  state(): Promise<KeeperReport> {
    return this.#call("GET", "/state", undefined);
  }

  command(command: SaidCommand): Promise<KeeperReport> {
    return this.#call("POST", "/command", command);
  }

  async #call(method: string, path: string, body: unknown): Promise<KeeperReport> {
    const door = (await readJsonFile(this.#path)) as { port: number; token: string } | undefined;
    if (door === undefined) throw unreachable();
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: "127.0.0.1",
          port: door.port,
          method,
          path,
          agent: false,
          headers: { authorization: `Bearer ${door.token}`, "content-type": "application/json" },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", (cause) => reject(unreachable(cause)));
          response.on("close", () => {
            if (!response.complete) return reject(unreachable());
            try {
              const answer = JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
              if (response.statusCode === 200) resolve(answer as KeeperReport);
              else reject(parseProblem(answer as Problem));
            } catch (cause) {
              reject(unreachable(cause));
            }
          });
        },
      );
      call.on("error", (cause) => reject(unreachable(cause)));
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/**
 * Whether a keeper lives. It is who took the lock last: one that was replaced may live on for a while without being the keeper, and one
 * that takes over is the keeper before its door is written down.
 */
export async function hasLivingKeeper(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, "keeper", "pid"), "utf8").catch(() => "");
  const [pid = "", startedAt = ""] = text.split("\n");
  return pid !== "" && (await isSameProcess({ pid: Number(pid), startedAt }));
}

function unreachable(cause?: unknown): InstarError {
  return new InstarError("KEEPER_UNREACHABLE", "the keeper does not answer", {
    cause,
    transient: true,
    advice: "It is started again by itself within seconds; `instar doctor` looks further.",
  });
}
