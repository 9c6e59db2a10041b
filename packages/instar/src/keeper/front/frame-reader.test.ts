import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader } from "./frame-reader.ts";
import { closeFrame, cutAt, frame, framesArbitrary, message } from "./web-socket-frames.testing.ts";

test.each(["client", "agent"] as const)("finds every border and kind of a %s's frames, whatever chunks they come in", (from) => {
  fc.assert(
    fc.property(framesArbitrary(from), fc.array(fc.nat()), (frames, places) => {
      const bytes = Buffer.concat([...frames.map((spoken) => spoken.bytes), closeFrame(1000, "", from)]);
      const reader = new FrameReader({ from, hasExtensions: false });
      const found: { border: number; kind: unknown }[] = [];
      let passed = 0;
      for (const chunk of cutAt(bytes, places)) {
        for (let at = 0; at < chunk.length; ) {
          const to = reader.read(chunk, at);
          passed += to - at;
          at = to;
          if (reader.isAtBorder) found.push({ border: passed, kind: reader.lastKind });
        }
      }
      const borders = frames.map((_, at) => frames.slice(0, at + 1).reduce((sum, spoken) => sum + spoken.bytes.length, 0));
      const expected = frames.map(({ kind }, at) => ({ border: borders[at], kind }));
      expect(found).toEqual([...expected, { border: bytes.length, kind: "close" }]);
      expect(reader.isLost).toBe(false);
    }),
  );
});

test("a frame of 2^40 bytes is no reason to wait for them", () => {
  const reader = new FrameReader({ from: "agent", hasExtensions: false });
  const head = Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]);
  expect(reader.read(head, 0)).toBe(head.length);
  const chunk = Buffer.alloc(2 ** 20);
  for (let passed = 0; passed < 2 ** 40; passed += chunk.length) reader.read(chunk, 0);
  expect(reader).toMatchObject({ isAtBorder: true, lastKind: "message", isLost: false });
});

describe("a violation of the protocol stops the reader, and it says so", () => {
  test.each([
    ["a mask of an agent's", frame({ isMasked: true, payload: "hi" })],
    ["a reserved bit without an extension", frame({ reserved: 4, payload: "hi" })],
    ["a reserved opcode", frame({ opcode: 3 })],
    ["a reserved control opcode", frame({ opcode: 11 })],
    ["a long control frame", frame({ opcode: 9, payload: "x".repeat(126) })],
    ["a control frame in parts", frame({ opcode: 9, isFinal: false })],
    ["a continuation of nothing", frame({ opcode: 0 })],
    ["a message within a message", Buffer.concat([frame({ isFinal: false }), frame()])],
    ["a continuation of a whole message", Buffer.concat([frame(), frame({ opcode: 0 })])],
    ["anything after a close", Buffer.concat([closeFrame(1000), message("more")])],
    ["a length in two bytes that fits in seven bits", frame({ payload: "hi", lengthBytes: 2 })],
    ["a length in eight bytes that fits in two", frame({ payload: Buffer.alloc(200), lengthBytes: 8 })],
    ["a length with its highest bit", Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0])],
    ["a length that nobody can count", Buffer.from([0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ["plain text", Buffer.from("HTTP/1.1 200 OK\r\n")],
  ])("%s", (_, bytes) => {
    const reader = new FrameReader({ from: "agent", hasExtensions: false });
    for (let at = 0; at < bytes.length; ) at = reader.read(bytes, at);
    expect(reader.isLost).toBe(true);
    expect(reader.isAtBorder).toBe(false);
  });

  test("an unmasked frame of a client's", () => {
    const reader = new FrameReader({ from: "client", hasExtensions: false });
    reader.read(message("hi"), 0);
    expect(reader.isLost).toBe(true);
  });

  test("but what an extension may use is none", () => {
    const reader = new FrameReader({ from: "agent", hasExtensions: true });
    const bytes = Buffer.concat([frame({ reserved: 4, payload: "deflated" }), frame({ opcode: 11 })]);
    for (let at = 0; at < bytes.length; ) at = reader.read(bytes, at);
    expect(reader).toMatchObject({ isLost: false, isAtBorder: true });
  });
});
