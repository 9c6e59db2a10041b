import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { nowMs } from "../bench-clock.ts";

/** What is asked: an agent that answers at once. It says its port. */
export const CALLED = `require("node:http").createServer((_, answer) => answer.end('{"ok":true}')).listen(0, "127.0.0.1", function () { console.log("port " + this.address().port); });`;

/** Times of requests, one after the other on one connection. */
export async function measureCalls(dial: () => Promise<Socket>, calls: number): Promise<number[]> {
  const socket = await dial();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  // The agent takes the connection that is there, once.
  agent.createConnection = () => socket;
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      request({ agent, path: "/" }, (answer) => text(answer).then(resolve, reject))
        .on("error", reject)
        .end();
    });
  const times: number[] = [];
  for (let call = 0; call < calls * 2; call += 1) {
    const begunMs = nowMs();
    await ask();
    if (call >= calls) times.push(nowMs() - begunMs);
  }
  agent.destroy();
  socket.destroy();
  return times;
}

export function dialLoopback(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}
