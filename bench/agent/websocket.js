import { createHash } from "node:crypto";

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
/** How long the client may take to say goodbye as well (RFC 6455 §7.1.1). */
const GOODBYE_WITHIN_MS = 1_000;

/** The server's side of a WebSocket (RFC 6455) with short text messages: just as much as an echo needs. */
export function acceptWebSocket(request, socket, head, onText) {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.setNoDelay(true);
  let waiting = head;
  let isClosing = false;
  const send = (opcode, payload) => {
    if (!socket.destroyed) socket.write(Buffer.concat([renderHead(opcode, payload.length), payload]));
  };
  const take = (opcode, payload) => {
    if (opcode === TEXT) onText(payload.toString("utf8"));
    else if (opcode === PING) send(PONG, payload);
    else if (opcode === CLOSE) {
      if (!isClosing) send(CLOSE, payload.subarray(0, 2));
      isClosing = true;
      socket.end();
    }
  };
  const read = (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let frame = parseFrame(waiting); frame !== undefined; frame = parseFrame(waiting)) {
      waiting = waiting.subarray(frame.sizeBytes);
      take(frame.opcode, frame.payload);
    }
  };
  socket.on("error", () => undefined);
  socket.on("end", () => socket.end());
  socket.on("data", read);
  if (head.length > 0) {
    waiting = Buffer.alloc(0);
    read(head);
  }
  return {
    send: (text) => send(TEXT, Buffer.from(text, "utf8")),
    close(code) {
      if (isClosing) return;
      isClosing = true;
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      send(CLOSE, payload);
      setTimeout(() => socket.destroy(), GOODBYE_WITHIN_MS).unref();
    },
  };
}

function renderHead(opcode, length) {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  return Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
}

/** The first frame of what came, or undefined while it is not whole. Messages of 64 KiB and more do not occur here. */
function parseFrame(bytes) {
  if (bytes.length < 2) return undefined;
  const isLong = (bytes[1] & 0x7f) === 126;
  const headBytes = isLong ? 4 : 2;
  if (bytes.length < headBytes + 4) return undefined;
  const length = isLong ? bytes.readUInt16BE(2) : bytes[1] & 0x7f;
  const sizeBytes = headBytes + 4 + length;
  if (bytes.length < sizeBytes) return undefined;
  const mask = bytes.subarray(headBytes, headBytes + 4);
  const payload = Buffer.from(bytes.subarray(headBytes + 4, sizeBytes));
  for (let index = 0; index < payload.length; index += 1) payload[index] ^= mask[index & 3];
  return { opcode: bytes[0] & 0x0f, payload, sizeBytes };
}
