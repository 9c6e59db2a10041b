import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { findCut, MOST_BYTES } from "./chunk-bytes.ts";
import { digestOf } from "./pack-format.ts";

const noise = (length: number) => createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(length));

function cut(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const length = findCut(bytes.subarray(from));
    chunks.push(bytes.subarray(from, from + length));
    from += length;
  }
  return chunks;
}

function shared(before: Buffer, after: Buffer): number {
  const known = new Set(cut(before).map(digestOf));
  return cut(after).reduce((sum, chunk) => sum + (known.has(digestOf(chunk)) ? chunk.length : 0), 0) / after.length;
}

test("cuts are where they have always been: what is stored would otherwise share nothing with what comes", () => {
  expect(
    cut(noise(8_000_000))
      .map(({ length }) => length)
      .slice(0, 4),
  ).toMatchInlineSnapshot(`
    [
      1276242,
      1356058,
      1318675,
      1097743,
    ]
  `);
});

test("what is appended, inserted or overwritten leaves the other chunks as they were", () => {
  const bytes = noise(24_000_000);
  expect(shared(bytes, Buffer.concat([bytes, noise(100_000)]))).toBeGreaterThan(0.9);
  expect(shared(bytes, Buffer.concat([Buffer.from("inserted at the front"), bytes]))).toBeGreaterThan(0.9);
  const changed = Buffer.from(bytes);
  changed.fill(0, 12_000_000, 12_004_096);
  expect(shared(bytes, changed)).toBeGreaterThan(0.85);
});

test("no chunk is larger than is allowed, nor smaller, but for the last", () => {
  for (const bytes of [noise(20_000_000), Buffer.alloc(20_000_000)]) {
    const lengths = cut(bytes).map(({ length }) => length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
    for (const length of lengths.slice(0, -1)) expect(length).toBeGreaterThanOrEqual(262_144);
    for (const length of lengths) expect(length).toBeLessThanOrEqual(MOST_BYTES);
  }
});
