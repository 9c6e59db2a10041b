import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { findFreePort } from "@instar/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type Listening, listenOnLoopback } from "./listen-on-loopback.ts";

const opened: (Server | Listening)[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await new Promise<void>((closed) => void Promise.resolve(each.close(() => closed())).then(() => closed()));
});
const open = async (ports: readonly number[] = []) => {
  const listening = await listenOnLoopback(() => createServer((_, response) => response.end("ours")), ports);
  opened.push(listening);
  return listening;
};
/** Somebody else, on one address; undefined where this machine has none such. */
const occupy = (host: string, port = 0): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.end("theirs"));
    server.once("error", () => resolve(undefined));
    server.listen({ host, port }, () => {
      opened.push(server);
      resolve((server.address() as AddressInfo).port);
    });
  });
const askAt = (host: string, port: number) => fetch(`http://${host}:${port}/`).then((answer) => answer.text());

describe("the daemon's door", () => {
  it("is on one port of both addresses that localhost may mean", async () => {
    const { port } = await open();
    expect(await askAt("127.0.0.1", port)).toBe("ours");
    expect(await askAt("localhost", port)).toBe("ours");
    // Nobody else gets the other one while the daemon lives.
    expect(await occupy("::1", port)).toBeUndefined();
  });
  it("is on the port that is wanted, where that is free, and again after it was left", async () => {
    const wanted = await findFreePort();
    const first = await open([wanted]);
    expect(first.port).toBe(wanted);
    await first.close();
    expect((await open([wanted])).port).toBe(wanted);
  });
  it.each(["127.0.0.1", "::1"])("is on no port of which somebody else has %s", async (host) => {
    const taken = await occupy(host);
    // A machine without IPv6 has no second address to be taken.
    if (taken === undefined) return expect(host).toBe("::1");
    const { port } = await open([taken]);
    expect(port).not.toBe(taken);
    expect(await askAt("127.0.0.1", port)).toBe("ours");
  });
  it("leaves nothing listening where it was not to stay", async () => {
    const taken = await occupy("::1");
    if (taken === undefined) return;
    await open([taken]);
    await expect(askAt("127.0.0.1", taken)).rejects.toThrow();
  });
});
