import { spawn } from "node:child_process";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { findListener, listensBeyondLoopback } from "./find-listener.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function listen(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    servers.push(server);
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port));
  });
}

describe.runIf(process.platform === "linux")("who listens on a port", () => {
  test("the process itself, another one, or nobody", async () => {
    const port = await listen("127.0.0.1");
    expect(await findListener(port, process.pid)).toEqual({ kind: "ours" });
    const other = spawn("sleep", ["60"]);
    try {
      expect(await findListener(port, other.pid ?? 0)).toEqual({ kind: "another", pid: process.pid });
    } finally {
      other.kill();
    }
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    expect(await findListener(port, process.pid)).toEqual({ kind: "nobody" });
  });

  test.each([
    ["127.0.0.1", false],
    ["127.3.2.1", false],
    ["::1", false],
    ["::ffff:127.0.0.1", false],
    ["0.0.0.0", true],
    ["::", true],
  ])("%s is beyond loopback: %s", async (host, isBeyond) => {
    expect(await listensBeyondLoopback(await listen(host))).toBe(isBeyond);
  });

  test("nothing that listens is not beyond loopback", async () => expect(await listensBeyondLoopback(1)).toBe(false));
});
