// A closed loop of raw sockets, for machines without wrk: each connection asks, waits for the whole answer, asks again.
// argv: port, connections, milliseconds, shape as JSON. Says one Round and ends.
import { connect } from "node:net";
import { nowMs } from "../bench-clock.ts";
import { percentile } from "../percentile.ts";
import type { Round, Shape } from "./shapes.ts";

const [port = "", connections = "", lastsMs = "", shapeText = ""] = process.argv.slice(2);
const { method, path, bodyBytes } = JSON.parse(shapeText) as Shape;
const length = bodyBytes === 0 ? "" : `Content-Length: ${bodyBytes}\r\n`;
const question = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${length}\r\n${"x".repeat(bodyBytes)}`, "latin1");
const END = Buffer.from("\r\n\r\n", "latin1");

const tookMs: number[] = [];
let failed = 0;
const beganMs = nowMs();
const untilMs = beganMs + Number(lastsMs);

function openConnection(): void {
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  let askedMs = 0;
  /** Bytes of the answer that are still to come; -1 while its head is. */
  let left = -1;
  let head = Buffer.alloc(0);
  let isLast = false;
  const ask = () => {
    if (nowMs() > untilMs) return void socket.destroy();
    left = -1;
    askedMs = nowMs();
    socket.write(question);
  };
  socket.on("connect", ask);
  socket.on("data", (chunk) => {
    if (left < 0) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const end = head.indexOf(END);
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      if (!/^HTTP\/1\.1 2/.test(text)) failed += 1;
      isLast = /\r\nconnection: *close/i.test(text);
      left = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0) - (head.length - end - END.length);
      head = Buffer.alloc(0);
    } else left -= chunk.length;
    if (left > 0) return;
    tookMs.push(nowMs() - askedMs);
    if (isLast) socket.destroy();
    else ask();
  });
  socket.on("error", () => {
    failed += 1;
  });
  socket.on("close", () => {
    if (nowMs() <= untilMs) openConnection();
    else process.nextTick(finishWhenAlone);
  });
}

let open = Number(connections);
function finishWhenAlone(): void {
  open -= 1;
  if (open > 0) return;
  const lastedS = (nowMs() - beganMs) / 1_000;
  const round: Round = { requestsPerSecond: tookMs.length / lastedS, medianMs: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99), failed };
  process.stdout.write(JSON.stringify(round));
}
for (let index = 0; index < Number(connections); index += 1) openConnection();
