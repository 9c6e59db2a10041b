import type { Socket } from "node:net";
import { expect } from "vitest";
import { type FrontBench, type RawClient, until } from "./front-bench.testing.ts";

/** A tunnel through the front: its client, and what the agent has of it. */
export interface OpenTunnel {
  readonly client: RawClient;
  readonly agent: Socket;
  agentHeard(): Buffer;
  hasAgentHeardEnd(): boolean;
  /** Waits until exactly these bytes have arrived since the handshake. */
  clientHas(...bytes: Buffer[]): Promise<void>;
  agentHas(...bytes: Buffer[]): Promise<void>;
}

export interface TunnelBench {
  /** Where no agent of that release is routed to, starts one that agrees to every upgrade and then says what the test says. Opens a tunnel to it. */
  open(how?: { slot?: string; release?: string; protocol?: string; staysHalfOpen?: boolean }): Promise<OpenTunnel>;
  /** Opens a tunnel to whatever is routed to. */
  join(how?: { protocol?: string; staysHalfOpen?: boolean }): Promise<OpenTunnel>;
  /** A client whose agent has been asked, and has not answered yet. */
  beginHandshake(): Promise<{ client: RawClient; agent: Socket }>;
  /** Routes to an agent that was started before. */
  route(slot: string, release: string): void;
  /** Moves the clock, and lets what it woke go to sleep again. */
  passTime(ms: number): Promise<void>;
}

export const switchTo = (protocol: string) => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n\r\n`;
export const SWITCH = switchTo("websocket");
const UPGRADE = "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";

export function createTunnelBench(bench: FrontBench): TunnelBench {
  const ports = new Map<string, number>();
  let newcomers: Socket[] = [];

  const route = (slot: string, release: string) => bench.front.route({ main: { slot, release, host: "127.0.0.1", port: ports.get(release) ?? 0 } });

  const join: TunnelBench["join"] = async ({ protocol = "websocket", staysHalfOpen = false } = {}) => {
    newcomers = [];
    const client = bench.open({ staysHalfOpen });
    client.send(UPGRADE.replace("websocket", protocol));
    await client.sees("101 Switching Protocols\r\n");
    await until(() => newcomers.length === 1);
    const [agent] = newcomers;
    if (agent === undefined) throw new Error("the agent was not asked");
    const heard: Buffer[] = [];
    let hasHeardEnd = false;
    agent.on("data", (chunk) => heard.push(chunk));
    agent.on("end", () => {
      hasHeardEnd = true;
    });
    const agentHeard = () => Buffer.concat(heard);
    return {
      client,
      agent,
      agentHeard,
      hasAgentHeardEnd: () => hasHeardEnd,
      clientHas: (...bytes) => expectSoon("the client has", () => client.received, latin1(switchTo(protocol), ...bytes)),
      agentHas: (...bytes) => expectSoon("the agent has", () => agentHeard().toString("latin1"), latin1(...bytes)),
    };
  };

  return {
    join,
    route,

    async open({ slot = "blue", release = `release-${slot}`, protocol = "websocket", staysHalfOpen = false } = {}) {
      if (bench.front.status().backend?.release !== release) {
        const { port } = await bench.startRawAgent((socket, received) => {
          if (received.split("\r\n\r\n").length !== 2 || !received.endsWith("\r\n\r\n") || newcomers.includes(socket)) return;
          newcomers.push(socket);
          socket.on("end", () => void (staysHalfOpen || socket.end()));
          socket.write(switchTo(protocol));
        }, slot);
        ports.set(release, port);
        route(slot, release);
      }
      return join({ protocol, staysHalfOpen });
    },

    async beginHandshake() {
      const asked: Socket[] = [];
      await bench.startRawAgent((socket) => void asked.push(socket));
      const client = bench.open();
      client.send(UPGRADE);
      await until(() => asked.length === 1);
      const [agent] = asked;
      if (agent === undefined) throw new Error("the agent was not asked");
      return { client, agent };
    },

    async passTime(ms) {
      await new Promise((resolve) => setImmediate(resolve));
      bench.clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Writes a chunk of its own: what is written in one go would arrive in one go. */
export function write(socket: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(chunk, () => setImmediate(resolve)));
}

/** Writes all that the other side takes, and comes back when it takes no more. */
export async function pourUntilStill(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 65_536) socket.write(bytes.subarray(at, at + 65_536));
  let [left, quiet] = [socket.writableLength, 0];
  await until(() => {
    quiet = socket.writableLength === left ? quiet + 1 : 0;
    left = socket.writableLength;
    return quiet === 40;
  });
  if (left === 0) throw new Error("the other side took everything");
}

export function latin1(...texts: (Buffer | string)[]): string {
  return texts.map((text) => (typeof text === "string" ? text : text.toString("latin1"))).join("");
}

async function expectSoon(what: string, now: () => string, expected: string): Promise<void> {
  await until(() => now().length >= expected.length, what);
  const preview = (text: string) => `${text.length} bytes ${JSON.stringify(text.slice(-80))}`;
  expect(now() === expected, `${what} ${preview(now())} instead of ${preview(expected)}`).toBe(true);
}
