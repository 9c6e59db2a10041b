// A program that keeps nothing: says its version, answers slowly, streams, and echoes over a WebSocket.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { version } from "./version.js";

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://agent");
  response.setHeader("x-agent-version", version);
  if (pathname === "/slow") setTimeout(() => response.end(version), Number(searchParams.get("ms")));
  else if (pathname === "/stream") {
    response.write(`${version}\n`);
    let beats = Number(searchParams.get("beats"));
    const beat = setInterval(() => {
      response.write("beat\n");
      beats -= 1;
      if (beats > 0) return;
      clearInterval(beat);
      response.end("end\n");
    }, 100);
  } else response.end(version);
});

server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Agent-Version: ${version}\r\n\r\n`,
  );
  socket.on("error", () => {});
  socket.on("data", (frame) => {
    if ((frame[0] & 0x0f) === 8) return socket.end(Buffer.from([0x88, 0]));
    const length = frame[1] & 0x7f;
    const payload = frame.subarray(6, 6 + length).map((byte, at) => byte ^ frame[2 + (at % 4)]);
    socket.write(Buffer.concat([Buffer.from([0x81, length]), payload]));
  });
});

server.listen(Number(process.env.PORT), "127.0.0.1");
