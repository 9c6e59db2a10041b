// The agent of the throughput part: answers canned bytes as fast as Node's sockets can, so that the proxy before it is what is measured.
import { type AddressInfo, createServer } from "node:net";

const END = "\r\n\r\n";
const whole = (length: number) => Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}${END}${"x".repeat(length)}`, "latin1");
const SMALL = whole(32);
const LARGE = whole(64 * 1024);

const server = createServer({ noDelay: true }, (socket) => {
  let waiting = "";
  let asked: string | undefined;
  let bodyLeft = 0;
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    waiting += chunk.toString("latin1");
    for (;;) {
      if (asked === undefined) {
        const end = waiting.indexOf(END);
        if (end < 0) return;
        asked = waiting.slice(0, end);
        waiting = waiting.slice(end + END.length);
        bodyLeft = Number(/content-length: *(\d+)/i.exec(asked)?.[1] ?? 0);
      }
      const here = Math.min(bodyLeft, waiting.length);
      waiting = waiting.slice(here);
      bodyLeft -= here;
      // Answered when the whole body came: a proxy must not win by leaving it behind.
      if (bodyLeft > 0) return;
      socket.write(asked.startsWith("GET /large") ? LARGE : SMALL);
      asked = undefined;
    }
  });
});

server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit(0));
