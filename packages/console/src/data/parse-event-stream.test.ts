import { expect, test } from "vitest";
import { createEventStreamParser } from "./parse-event-stream.ts";

const STREAM = 'event: hello\ndata: {"daemon":1}\n\n: alive\n\nid: 7\nevent: journal\ndata: {"a":\ndata: 1}\n\nevent: changed\r\ndata: x\r\n\r\n';
const MESSAGES = [
  { event: "hello", data: '{"daemon":1}', id: null },
  { event: "journal", data: '{"a":\n1}', id: "7" },
  { event: "changed", data: "x", id: null },
];

test("messages come out whole, wherever the stream was cut", () => {
  for (let at = 0; at <= STREAM.length; at += 1) {
    const parse = createEventStreamParser();
    expect([...parse(STREAM.slice(0, at)), ...parse(STREAM.slice(at))]).toEqual(MESSAGES);
  }
});

test("a message that never ends is refused instead of kept", () => {
  const parse = createEventStreamParser();
  expect(() => {
    for (let piece = 0; piece < 10; piece += 1) parse(`data: ${"x".repeat(1_000_000)}`);
  }).toThrow("too long");
});
