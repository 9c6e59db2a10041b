import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../bench-clock.ts";

const AGENT = fileURLToPath(new URL("../agent/", import.meta.url));

/** Puts the agent's program into a folder. */
export function copyAgent(folder: string): void {
  cpSync(AGENT, folder, { recursive: true });
}

/** The next version is the same program that says another number. */
export function setVersion(folder: string, version: string): void {
  const path = join(folder, "package.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(/"version": "[^"]+"/, `"version": "${version}"`));
}

/** From now on this share of its requests fails. */
export function breakAgent(folder: string, share: number): void {
  const path = join(folder, "server.js");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(/return respond\(response, .*, SMALL\);/, `return respond(response, Math.random() < ${share} ? 500 : 200, SMALL);`),
  );
}

/** Waits until a request on a fresh connection is answered by this version. */
export async function untilServes(port: number, version: string, signal: AbortSignal, everyMs = 5): Promise<void> {
  await until(`version ${version} on port ${port}`, async () => ((await servedVersion(port)) === version ? true : undefined), signal, everyMs);
}

/** What a fresh connection meets; undefined where nothing answers. */
export function servedVersion(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get({ host: "127.0.0.1", port, path: "/", agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve(response.statusCode === 200 ? response.headers["x-agent-version"]?.toString() : undefined));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
  });
}
