// An agent that ends well when it is told to. Its first argument says how: {"withinMs": …, "handler": "works" | "fails" | "never", "signals": [...]}.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onDrain } from "./index.ts";

const { withinMs, handler, signals } = JSON.parse(process.argv[2] ?? "{}");
const say = (text: string) => process.stdout.write(`${text}\n`);
const held: ServerResponse[] = [];
const server = createServer((request, response) => {
  say(`asked ${request.url}`);
  for (const each of held.splice(0)) each.end("held");
  // Answered only once the process was told to end.
  if (request.url === "/slow") drain.signal.addEventListener("abort", () => setTimeout(() => response.end("slow"), 20));
  else if (request.url === "/held") {
    // Ends when something else is asked.
    response.writeHead(200, { "content-length": 4 });
    response.flushHeaders();
    held.push(response);
  } else if (request.url === "/begun") {
    response.writeHead(200);
    response.write("be");
    drain.signal.addEventListener("abort", () => setTimeout(() => response.end("gun"), 20));
  } else if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
  } else if (request.url !== "/never") response.end("quick");
});
server.on("upgrade", (_, socket) => {
  socket.on("error", () => undefined);
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
});
const drain = onDrain(
  async ({ signal }) => {
    say("draining");
    if (handler === "fails") throw new Error("could not finish");
    if (handler === "never") await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await new Promise((resolve) => setTimeout(resolve, 30));
    say("finished");
  },
  { servers: [server], ...(withinMs === undefined ? {} : { withinMs }), ...(signals === undefined ? {} : { signals }) },
);
server.listen(0, "127.0.0.1", () => say(`port ${(server.address() as AddressInfo).port}`));
