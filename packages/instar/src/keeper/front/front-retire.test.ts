import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";
import { createTunnelBench, latin1, type OpenTunnel, pourUntilStill, SWITCH, type TunnelBench, write } from "./tunnel-bench.testing.ts";
import { closeFrame, cutAt, frame, framesArbitrary, message, RECONNECT } from "./web-socket-frames.testing.ts";

/** Tunnels of a slot whose agent is to go. */
let bench: FrontBench;
let tunnels: TunnelBench;
let rounds = 0;
beforeEach(async () => {
  bench = await openFrontBench();
  tunnels = createTunnelBench(bench);
});
afterEach(() => bench.close());

const IN_TIME = { withinMs: 30_000, group: 100 };

describe("a WebSocket whose agent is silent", () => {
  test("is told at once, in a close frame; its agent hears the client's answer, and both sides are ended", async () => {
    const tunnel = await tunnels.open();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(RECONNECT);
    const answer = closeFrame(1012, "", "client");
    tunnel.client.send(answer);
    await tunnel.agentHas(answer);
    await until(() => tunnel.hasAgentHeardEnd());
    await retired;
    expect(await tunnel.client.ended()).toBe(latin1(SWITCH, RECONNECT));
    expect(tunnel.client.wasReset).toBe(false);
    await bench.front.whenDrained("blue");
    expect(bench.clock.sleeping()).toBe(0);
  });

  test("what the client had sent still arrives, what the agent says is dropped, and nothing follows the client's goodbye", async () => {
    const tunnel = await tunnels.open();
    void bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(RECONNECT);
    tunnel.agent.write(message("too late"));
    const more = [
      message("one more", "client"),
      frame({ isFinal: false, payload: "and", isMasked: true }),
      frame({ opcode: 0, payload: "another", isMasked: true }),
    ];
    tunnel.client.send(Buffer.concat(more));
    await tunnel.agentHas(...more);
    tunnel.client.send(Buffer.concat([closeFrame(1000, "bye", "client"), message("never", "client")]));
    await tunnel.agentHas(...more, closeFrame(1000, "bye", "client"));
    await until(() => tunnel.hasAgentHeardEnd());
    tunnel.agent.end(message("too late as well"));
    expect(await tunnel.client.ended()).toBe(latin1(SWITCH, RECONNECT));
    await tunnel.agentHas(...more, closeFrame(1000, "bye", "client"));
  });
});

describe("a WebSocket whose agent is in the middle of something", () => {
  test("gets its large frame whole, then the news, and nothing after it", async () => {
    const tunnel = await tunnels.open();
    const large = message(Buffer.alloc(1_000_000, RECONNECT));
    tunnel.agent.write(large.subarray(0, 600_000));
    await tunnel.clientHas(large.subarray(0, 600_000));
    void bench.front.retire("blue", IN_TIME);
    tunnel.agent.write(Buffer.concat([large.subarray(600_000), message("next")]));
    await tunnel.clientHas(large, RECONNECT);
    tunnel.client.send(closeFrame(1012, "", "client"));
    expect((await tunnel.client.ended()).length).toBe(SWITCH.length + large.length + RECONNECT.length);
  });

  test("hears of it between two fragments", async () => {
    const tunnel = await tunnels.open();
    const first = frame({ isFinal: false, payload: "a word is " });
    tunnel.agent.write(first);
    await tunnel.clientHas(first);
    void bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(first, RECONNECT);
  });

  test("at exactly the next border, for any frames, any chunks, and any moment", async () => {
    await fc.assert(
      fc.asyncProperty(framesArbitrary("agent"), fc.array(fc.nat(), { maxLength: 6 }), fc.nat(), async (frames, places, moment) => {
        const bytes = Buffer.concat(frames.map((spoken) => spoken.bytes));
        const before = moment % (bytes.length + 1);
        let border = 0;
        for (const spoken of frames) if (border < before) border += spoken.bytes.length;
        rounds += 1;
        const slot = `slot-${rounds}`;
        const tunnel = await tunnels.open({ slot });
        for (const chunk of cutAt(bytes.subarray(0, before), places)) await write(tunnel.agent, chunk);
        await tunnel.clientHas(bytes.subarray(0, before));
        void bench.front.retire(slot, IN_TIME);
        for (const chunk of cutAt(bytes.subarray(before), places)) await write(tunnel.agent, chunk);
        await tunnel.clientHas(bytes.subarray(0, border), RECONNECT);
        tunnel.client.send(closeFrame(1012, "", "client"));
        expect(await tunnel.client.ended()).toBe(latin1(SWITCH, bytes.subarray(0, border), RECONNECT));
      }),
      { numRuns: 40 },
    );
  });

  test("that never ends: it is cut when its time is over", async () => {
    const tunnel = await tunnels.open();
    tunnel.agent.write(message("whole").subarray(0, 3));
    await tunnel.clientHas(message("whole").subarray(0, 3));
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnels.passTime(30_000);
    expect(tunnel.client.hasEnded).toBe(false);
    await tunnels.passTime(2_000);
    await retired;
    await tunnel.client.ended();
    expect(tunnel.client.wasReset).toBe(true);
    expect(tunnel.client.received).toBe(latin1(SWITCH, message("whole").subarray(0, 3)));
  });
});

describe("a client that does not do its part", () => {
  test("never answers: both sides are ended when the time is over, and cut a little later", async () => {
    const tunnel = await tunnels.open({ staysHalfOpen: true });
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(RECONNECT);
    await tunnels.passTime(29_999);
    expect(tunnel.hasAgentHeardEnd()).toBe(false);
    await tunnels.passTime(1);
    await until(() => tunnel.hasAgentHeardEnd());
    expect(tunnel.client.hasEnded).toBe(false);
    await tunnels.passTime(2_000);
    await retired;
    expect(bench.front.status()).toMatchObject({ connections: 0, inFlight: { blue: 0 } });
    expect(tunnel.client.received).toBe(latin1(SWITCH, RECONNECT));
  });

  test.each([
    // Empty messages end at nearly every byte, so the front mostly stands at a border; of the others it mostly stands in the middle of one.
    ["at a border", frame()],
    ["in the middle of a message", frame({ payload: "x".repeat(999) })],
  ])("does not even read, and the front stands still %s: the agent is not kept waiting by it", async (_, one) => {
    const tunnel = await tunnels.open();
    tunnel.client.socket.pause();
    await pourUntilStill(tunnel.agent, Buffer.alloc(30_000_000, one));
    const retired = bench.front.retire("blue", IN_TIME);
    await until(() => tunnel.agent.writableLength === 0);
    tunnel.client.socket.resume();
    await tunnel.client.sees(RECONNECT.toString("latin1"));
    tunnel.client.send(closeFrame(1012, "", "client"));
    await retired;
  });

  test("leaves without a word: its agent is told in the same manner", async () => {
    const tunnel = await tunnels.open();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(RECONNECT);
    tunnel.client.socket.end();
    await until(() => tunnel.hasAgentHeardEnd());
    tunnel.agent.end();
    await retired;
  });

  test("is reset: nothing is left of it", async () => {
    const tunnel = await tunnels.open();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(RECONNECT);
    tunnel.client.socket.resetAndDestroy();
    await retired;
    expect(bench.clock.sleeping()).toBe(0);
  });
});

describe("an agent that does not wait", () => {
  test.each(["ends", "is killed"] as const)("%s once its client was told: the client still says goodbye in its own time", async (how) => {
    const tunnel = await tunnels.open();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(RECONNECT);
    if (how === "ends") tunnel.agent.destroy();
    else tunnel.agent.resetAndDestroy();
    await until(() => tunnel.agent.closed);
    tunnel.client.send(message("are you there?", "client"));
    await new Promise((resolve) => setTimeout(resolve, 20)); // Time for a reset to come, if one were sent.
    expect(tunnel.client.hasEnded).toBe(false);
    tunnel.client.send(closeFrame(1012, "", "client"));
    await retired;
    expect(await tunnel.client.ended()).toBe(latin1(SWITCH, RECONNECT));
    expect(tunnel.client.wasReset).toBe(false);
  });

  test("has said goodbye itself: it is not said twice", async () => {
    const tunnel = await tunnels.open();
    tunnel.agent.write(closeFrame(1001));
    await tunnel.clientHas(closeFrame(1001));
    const retired = bench.front.retire("blue", IN_TIME);
    tunnel.client.send(closeFrame(1001, "", "client"));
    await tunnel.agentHas(closeFrame(1001, "", "client"));
    tunnel.agent.end();
    await retired;
    expect(await tunnel.client.ended()).toBe(latin1(SWITCH, closeFrame(1001)));
  });

  test("is being said goodbye to by its client: its answer is passed", async () => {
    const tunnel = await tunnels.open();
    tunnel.client.send(closeFrame(1000, "", "client"));
    await tunnel.agentHas(closeFrame(1000, "", "client"));
    const retired = bench.front.retire("blue", IN_TIME);
    tunnel.agent.end(closeFrame(1000));
    await retired;
    expect(await tunnel.client.ended()).toBe(latin1(SWITCH, closeFrame(1000)));
  });
});

describe("what is told how to whom", () => {
  test("in groups, spread over the time", async () => {
    const all: OpenTunnel[] = [];
    for (let at = 0; at < 10; at += 1) all.push(await tunnels.open());
    const told = () => all.filter(({ client }) => client.received.length > SWITCH.length).length;
    void bench.front.retire("blue", { withinMs: 4_000, group: 3 });
    await until(() => told() === 3);
    for (const expected of [6, 9, 10]) {
      await tunnels.passTime(749);
      expect(told()).toBe(expected === 10 ? 9 : expected - 3);
      await tunnels.passTime(1);
      await until(() => told() === expected);
    }
    for (const { client } of all) expect(client.received).toBe(latin1(SWITCH, RECONNECT));
  });

  test.each([
    ["another protocol", "something-else", ""],
    ["an agent that breaks the protocol", "websocket", "not a frame at all"],
  ])("nothing to %s: it goes on, and is cut at the end", async (_, protocol, said) => {
    const tunnel = await tunnels.open({ protocol });
    tunnel.agent.write(said);
    await tunnel.clientHas(Buffer.from(said));
    const retired = bench.front.retire("blue", IN_TIME);
    tunnel.client.send("up");
    tunnel.agent.write("down");
    await tunnel.clientHas(Buffer.from(`${said}down`));
    await tunnel.agentHas(Buffer.from("up"));
    await tunnels.passTime(30_000);
    tunnel.agent.write("still");
    await tunnel.clientHas(Buffer.from(`${said}downstill`));
    await tunnels.passTime(2_000);
    await retired;
    await tunnel.client.ended();
    expect(tunnel.client.wasReset).toBe(true);
    await until(() => tunnel.agent.closed);
  });

  test("retired twice: told once, and both calls end together", async () => {
    const tunnel = await tunnels.open();
    const both = [bench.front.retire("blue", IN_TIME), bench.front.retire("blue", { withinMs: 0, group: 1 })];
    await tunnel.clientHas(RECONNECT);
    both.push(bench.front.retire("blue", IN_TIME));
    await tunnels.passTime(10);
    tunnel.client.send(closeFrame(1012, "", "client"));
    await Promise.all(both);
    expect(await tunnel.client.ended()).toBe(latin1(SWITCH, RECONNECT));
    await bench.front.retire("blue", IN_TIME);
    await bench.front.retire("never-there", IN_TIME);
  });

  test("other slots hear nothing of it", async () => {
    const [blue, green] = [await tunnels.open({ slot: "blue" }), await tunnels.open({ slot: "green" })];
    void bench.front.retire("blue", IN_TIME);
    await blue.clientHas(RECONNECT);
    green.agent.write(message("hello"));
    await green.clientHas(message("hello"));
  });

  test("a handshake that is under way: told as soon as it is done", async () => {
    const { client, agent } = await tunnels.beginHandshake();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnels.passTime(1_000);
    agent.write(latin1(SWITCH, message("welcome")), "latin1");
    await client.sees(RECONNECT.toString("latin1"));
    client.send(closeFrame(1012, "", "client"));
    agent.on("end", () => agent.end());
    await retired;
    expect(await client.ended()).toBe(latin1(SWITCH, message("welcome"), RECONNECT));
  });

  test("a handshake that the agent never answers: 503 at the end, and nobody's failure", async () => {
    const { client } = await tunnels.beginHandshake();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnels.passTime(30_000);
    expect(client.received).toBe("");
    await tunnels.passTime(2_000);
    await retired;
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/);
    expect(bench.front.counts()).toMatchObject({ clientAborts: 0, releases: { "release-blue": { requests: 1, failed: 0 } } });
  });

  test("who comes to the slot meanwhile: at once; once it is over, and after a new agent has come to it: welcome", async () => {
    const first = await tunnels.open();
    void bench.front.retire("blue", IN_TIME);
    await first.clientHas(RECONNECT);
    const second = await tunnels.join();
    await second.clientHas(RECONNECT);
    const other = await tunnels.open({ release: "next" }); // Routes: another agent in the same slot.
    other.agent.write(message("hello"));
    await other.clientHas(message("hello"));
    tunnels.route("blue", "release-blue");
    const third = await tunnels.join(); // Routed away and back: this is on purpose.
    third.agent.write(message("hello"));
    await third.clientHas(message("hello"));
  });

  test("a slot that nobody routed away from may be used again when the time is over, and retired again", async () => {
    await tunnels.open();
    const retired = bench.front.retire("blue", IN_TIME);
    await tunnels.passTime(30_000);
    await tunnels.passTime(2_000);
    await retired;
    await tunnels.passTime(1);
    const tunnel = await tunnels.join();
    tunnel.agent.write(message("hello"));
    await tunnel.clientHas(message("hello"));
    void bench.front.retire("blue", IN_TIME);
    await tunnel.clientHas(message("hello"), RECONNECT);
  });

  test("a front that closes takes them all along", async () => {
    await tunnels.open();
    const retired = bench.front.retire("blue", IN_TIME);
    await bench.front.close({ graceMs: 0 });
    await retired;
  });
});
