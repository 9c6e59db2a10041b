import { expect, test } from "vitest";
import { hashMurmur3 } from "./murmur3.ts";

/** Vectors that implementations of MurmurHash3 x86-32 publish and agree on. */
test.each([
  ["", 0x00000000, 0x00000000],
  ["", 0x00000001, 0x514e28b7],
  ["", 0xffffffff, 0x81f16f39],
  ["\xff\xff\xff\xff", 0x00000000, 0x76293b50],
  ["\x21\x43\x65\x87", 0x00000000, 0xf55b516b],
  ["\x21\x43\x65\x87", 0x5082edee, 0x2362f9de],
  ["\x21\x43\x65", 0x00000000, 0x7e4a8634],
  ["\x21\x43", 0x00000000, 0xa0f7b07a],
  ["\x21", 0x00000000, 0x72661cf4],
  ["\0\0\0\0", 0x00000000, 0x2362f9de],
  ["\0\0\0", 0x00000000, 0x85f0b427],
  ["\0\0", 0x00000000, 0x30f4c306],
  ["\0", 0x00000000, 0x514e28b7],
  ["aaaa", 0x9747b28c, 0x5a97808a],
  ["aaa", 0x9747b28c, 0x283e0130],
  ["aa", 0x9747b28c, 0x5d211726],
  ["a", 0x9747b28c, 0x7fa09ea6],
  ["abcd", 0x9747b28c, 0xf0478627],
  ["abc", 0x9747b28c, 0xc84a62dd],
  ["ab", 0x9747b28c, 0x74875592],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  [Buffer.from("ππππππππ", "utf8").toString("latin1"), 0x9747b28c, 0xd58063c1],
])("%j with the seed %i", (text, seed, hash) => {
  expect(hashMurmur3(Buffer.from(text, "latin1"), seed)).toBe(hash);
});

test("bytes in the middle of a buffer hash as on their own", () => {
  expect(hashMurmur3(Buffer.from("xxxabcd").subarray(3), 0x9747b28c)).toBe(0xf0478627);
});
