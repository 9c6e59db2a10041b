// The agent that every subject of the bench exchanges. It reads its version at its start, and leaves as politely as a server can:
// no new connections, whatever was begun is finished, WebSockets are told to connect again (1012).
import { openSync, readFileSync, write } from "node:fs";
import { createServer } from "node:http";
import { acceptWebSocket } from "./websocket.js";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const SMALL = "x".repeat(32);
/** Every write is noted before it is acknowledged, by all versions in the same file: a write done twice is seen. */
const writes = openSync(process.env.WRITES_LOG ?? "/dev/null", "a");
const sockets = new Set();
let written = 0;
let isLeaving = false;

const server = createServer((request, response) => {
  response.setHeader("x-agent-version", version);
  if (isLeaving) response.setHeader("connection", "close");
  switch (`${request.method} ${request.url}`) {
    case "GET /":
      return respond(response, 200, SMALL);
    case "GET /health":
      return respond(response, 200, "well");
    case "POST /writes":
      return acknowledge(request, response);
    case "GET /streams/events":
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      return stream(response, 10, (count) => `data: ${count}\n\n`, "event: end\ndata: end\n\n");
    case "GET /streams/chunks":
      response.writeHead(200, { "content-type": "text/plain" });
      return stream(response, 15, (count) => `chunk ${count} ${SMALL}\n`, "end\n");
    default:
      return respond(response, 404, "nothing here");
  }
});

server.on("upgrade", (request, socket, head) => {
  const opened = acceptWebSocket(request, socket, head, (text) => opened.send(text));
  sockets.add(opened);
  socket.once("close", () => sockets.delete(opened));
  if (isLeaving) opened.close(1012);
});

server.listen(Number(process.env.PORT), "127.0.0.1");
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, leave);

function leave() {
  if (isLeaving) return;
  isLeaving = true;
  server.close(() => process.exit(0)); // Closes idle connections as well.
  for (const socket of sockets) socket.close(1012);
}

function respond(response, status, text) {
  response.writeHead(status, { "content-type": "text/plain", "content-length": Buffer.byteLength(text) }).end(text);
}

function acknowledge(request, response) {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const echo = Buffer.concat(chunks).toString("utf8");
    written += 1;
    const id = `${process.pid}-${written}`;
    write(writes, `${echo}\n`, (error) => respond(response, error ? 500 : 201, JSON.stringify({ id, echo })));
  });
}

/** A little over a second, whatever the count. */
function stream(response, many, part, last) {
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    response.write(part(count));
    if (count < many) return;
    clearInterval(timer);
    response.end(last);
  }, 1_200 / many);
  response.once("close", () => clearInterval(timer));
}
