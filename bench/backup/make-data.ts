import { createCipheriv } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DataPlan } from "./plan-backup-bench.ts";

const FILES_IN_A_FOLDER = 100;
const WORDS = "agent state memory message update release snapshot failed started user token session window error reason value".split(" ");

/** The same files for the same plan, on any machine. */
export function makeData(folder: string, plan: DataPlan): void {
  const noise = new Noise(plan.name);
  for (let number = 0; number < plan.files; number += 1) {
    const path = pathOf(folder, number);
    if (number % FILES_IN_A_FOLDER === 0) mkdirSync(join(path, ".."), { recursive: true });
    const length = plan.leastBytes + Math.floor(noise.next() * (plan.mostBytes - plan.leastBytes));
    writeFileSync(path, number % 2 === 0 ? noise.bytes(length) : renderText(noise, length));
  }
}

/** One file in a hundred: in some of them a page in the middle and the end, as in a database or a log; a small one is another altogether. */
export function changeData(folder: string, plan: DataPlan, seed: string): void {
  const noise = new Noise(seed);
  for (let number = Math.floor(noise.next() * 50); number < plan.files; number += 100) {
    const path = pathOf(folder, number);
    if (plan.mostBytes <= 8_192) {
      const { length } = readFileSync(path);
      writeFileSync(path, number % 2 === 0 ? noise.bytes(length) : renderText(noise, length));
      continue;
    }
    const file = openSync(path, "r+");
    const { size } = fstatSync(file);
    writeSync(file, noise.bytes(4_096), 0, 4_096, Math.floor((noise.next() * size) / 4_096) * 4_096);
    writeSync(file, noise.bytes(1_000), 0, 1_000, size);
    closeSync(file);
  }
}

const pathOf = (folder: string, number: number) =>
  join(folder, `folder-${String(Math.floor(number / FILES_IN_A_FOLDER)).padStart(4, "0")}`, `file-${String(number).padStart(6, "0")}.dat`);

/** Lines as a log has them. */
function renderText(noise: Noise, length: number): Buffer {
  const text: string[] = [];
  for (let written = 0; written < length; ) {
    const picked = noise.bytes(12);
    const line = `2026-11-${10 + ((picked[0] ?? 0) % 20)}T${picked.toString("hex", 1, 3)} ${[...picked.subarray(3, 11)].map((byte) => WORDS[byte % WORDS.length]).join(" ")} ${picked.readUInt16LE(10)}\n`;
    text.push(line);
    written += line.length;
  }
  return Buffer.from(text.join("")).subarray(0, length);
}

/** Noise from a seed: a cipher's stream. */
class Noise {
  readonly #cipher: ReturnType<typeof createCipheriv>;

  constructor(seed: string) {
    this.#cipher = createCipheriv("aes-128-ctr", Buffer.from(seed.padEnd(16).slice(0, 16)), Buffer.alloc(16));
  }

  bytes(length: number): Buffer {
    return this.#cipher.update(Buffer.alloc(length));
  }

  next(): number {
    return this.bytes(4).readUInt32LE(0) / 2 ** 32;
  }
}
