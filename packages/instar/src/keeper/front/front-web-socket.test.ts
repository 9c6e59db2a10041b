import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";
import { createTunnelBench, pourUntilStill, SWITCH, switchTo, type TunnelBench, write } from "./tunnel-bench.testing.ts";
import { closeFrame, cutAt, frame, framesArbitrary, message, RECONNECT } from "./web-socket-frames.testing.ts";

/** WebSockets that nobody sends away: their frames are followed, and they do not notice. */
let bench: FrontBench;
let tunnels: TunnelBench;
let rounds = 0;
beforeEach(async () => {
  bench = await openFrontBench();
  tunnels = createTunnelBench(bench);
});
afterEach(() => bench.close());

describe("bytes", () => {
  const anything = fc.oneof(
    framesArbitrary("agent").map((frames) => Buffer.concat(frames.map((spoken) => spoken.bytes))),
    framesArbitrary("client").map((frames) => Buffer.concat(frames.map((spoken) => spoken.bytes))),
    fc.uint8Array({ maxLength: 5_000 }).map((bytes) => Buffer.from(bytes)),
  );

  test.each(["websocket", "something-else"])("arrive as they were sent, both ways, frames or not, over %s", async (protocol) => {
    await fc.assert(
      fc.asyncProperty(anything, anything, fc.array(fc.nat(), { maxLength: 6 }), async (up, down, places) => {
        rounds += 1;
        const tunnel = await tunnels.open({ slot: `slot-${rounds}`, protocol });
        const sendUp = async () => {
          for (const chunk of cutAt(up, places)) await write(tunnel.client.socket, chunk);
        };
        const sendDown = async () => {
          for (const chunk of cutAt(down, places)) await write(tunnel.agent, chunk);
        };
        await Promise.all([sendUp(), sendDown()]);
        await tunnel.agentHas(up);
        await tunnel.clientHas(down);
        tunnel.client.socket.end();
        await tunnel.client.ended();
        expect(tunnel.client.received.length).toBe(switchTo(protocol).length + down.length);
        expect(tunnel.agentHeard().length).toBe(up.length);
      }),
      { numRuns: 40 },
    );
  });

  test("wait for the slower side, and all arrive", async () => {
    const tunnel = await tunnels.open();
    const bulk = message(Buffer.alloc(30_000_000, "0123456789"));
    tunnel.client.socket.pause();
    await pourUntilStill(tunnel.agent, bulk);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(150_000_000); // The bulk itself, and no second copy in the front.
    tunnel.client.socket.resume();
    await until(() => tunnel.client.received.length === SWITCH.length + bulk.length);
  });
});

describe("what clients believe to be done", () => {
  const writes = () => bench.front.counts().releases["release-blue"]?.writes;

  test("each message of the client's that the agent has said anything after, once", async () => {
    const tunnel = await tunnels.open();
    const say = async (from: "client" | "agent", bytes: Buffer) => {
      const before = from === "client" ? tunnel.agentHeard().length : tunnel.client.received.length;
      if (from === "client") tunnel.client.send(bytes);
      else tunnel.agent.write(bytes);
      await until(() => (from === "client" ? tunnel.agentHeard().length : tunnel.client.received.length) === before + bytes.length);
      return writes();
    };
    expect(await say("agent", message("hello"))).toBe(0);
    expect(await say("client", message("do this", "client"))).toBe(0);
    expect(await say("agent", frame({ opcode: 10 }))).toBe(0); // A pong says nothing.
    expect(await say("agent", message("done"))).toBe(1);
    expect(await say("agent", message("and done"))).toBe(1);
    expect(await say("client", frame({ isFinal: false, payload: "do", isMasked: true }))).toBe(1);
    expect(await say("client", frame({ opcode: 9, isMasked: true }))).toBe(1);
    expect(await say("agent", message("yes?"))).toBe(1); // To half a message.
    expect(await say("client", frame({ opcode: 0, payload: "that", isMasked: true }))).toBe(1);
    expect(await say("client", message("and that", "client"))).toBe(1);
    expect(await say("agent", frame({ isFinal: false, payload: "both" }))).toBe(3); // The first words of an answer are an answer.
    expect(await say("agent", frame({ opcode: 0, payload: " done" }))).toBe(3);
  });

  test("not what the agent said too late for its client to hear", async () => {
    const tunnel = await tunnels.open();
    void bench.front.retire("blue", { withinMs: 30_000, group: 100 });
    await tunnel.clientHas(RECONNECT);
    tunnel.client.send(message("do this", "client"));
    await tunnel.agentHas(message("do this", "client"));
    await write(tunnel.agent, message("done"));
    tunnel.client.send(closeFrame(1012, "", "client"));
    await tunnel.client.ended();
    expect(writes()).toBe(0);
  });
});
