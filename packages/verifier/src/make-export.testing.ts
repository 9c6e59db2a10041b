import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

// A second writer of the format, made from the public descriptions and by their definitions, so that the verifier is not measured with itself.

export interface MadeKey {
  readonly name: string;
  readonly vkey: string;
  readonly id: Buffer;
  readonly privateKey: KeyObject;
}

/** By path within the export. Tests change it before it is written. */
export type Files = Map<string, Buffer>;

export interface Wanted {
  readonly lines: readonly string[];
  readonly key: MadeKey;
  readonly origin?: string;
  /** Numbers of the bundles that are left out, and named as withheld. */
  readonly withheldBundles?: readonly number[];
  readonly isPacked?: boolean;
}

const sha256 = (...parts: (string | Buffer)[]) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const ZERO = Buffer.of(0);
const ONE = Buffer.of(1);

/** `type` is the algorithm that the key says it is for: 1 is Ed25519 for signed notes. */
export function makeKey(name: string, type = 1): MadeKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const bytes = Buffer.concat([Buffer.of(type), Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url")]);
  const id = sha256(`${name}\n`, bytes).subarray(0, 4);
  return { name, vkey: `${name}+${id.toString("hex")}+${bytes.toString("base64")}`, id, privateKey };
}

/** Entries in a chain, a minute apart. `change` may make one of them odd before it is chained and recorded. */
export function makeLines(count: number, change: (line: string, index: number) => string = (line) => line): string[] {
  const lines: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString();
    const previous = sha256(lines[index - 1] ?? "").toString("hex");
    const details = index % 3 === 0 ? `"details":{"z":"\\n€","ä":[${index},null,0.1]},` : "";
    const actor = '{"actor":{"id":"test","type":"system"}';
    lines.push(
      change(`${actor},"at":"${at}","description":"entry ${index}",${details}"event":"STEP","index":${index},"previous":"${previous}","success":true}`, index),
    );
  }
  return lines;
}

/** RFC 6962 §2.1, MTH, word for word. */
export function makeRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256("");
  if (leaves.length === 1) return leaves[0] ?? sha256("");
  const half = halfOf(leaves.length);
  return sha256(ONE, makeRoot(leaves.slice(0, half)), makeRoot(leaves.slice(half)));
}

/** RFC 6962 §2.1.1, PATH, word for word. */
function makePath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const half = halfOf(leaves.length);
  return index < half
    ? [...makePath(index, leaves.slice(0, half)), makeRoot(leaves.slice(half))]
    : [...makePath(index - half, leaves.slice(half)), makeRoot(leaves.slice(0, half))];
}

const halfOf = (count: number) => 2 ** Math.floor(Math.log2(count - 1));
const leavesOf = (lines: readonly string[]) => lines.map((line) => sha256(ZERO, line));

export function makeCheckpoint(lines: readonly string[], key: MadeKey, origin = key.name): string {
  return signNote(`${origin}\n${lines.length}\n${makeRoot(leavesOf(lines)).toString("base64")}\n`, key);
}

export function signNote(text: string, key: MadeKey): string {
  const signature = Buffer.concat([key.id, sign(null, Buffer.from(text), key.privateKey)]);
  return `${text}\n— ${key.name} ${signature.toString("base64")}\n`;
}

export function makeReceipt(lines: readonly string[], index: number, key: MadeKey): string {
  const path = makePath(index, leavesOf(lines)).map((hash) => `${hash.toString("base64")}\n`);
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${path.join("")}\n${makeCheckpoint(lines, key)}`;
}

export function makeExport({ lines, key, origin = key.name, withheldBundles = [], isPacked = false }: Wanted): Files {
  const files: Files = new Map();
  const withheld = withheldBundles.map((number) => ({ first: number * 256, count: Math.min(256, lines.length - number * 256), because: "archived elsewhere" }));
  const times = { madeAt: "2026-02-01T00:00:00.000Z", from: null, to: null };
  setDescription(files, { format: "instar-ledger-export/1", origin, key: key.vkey, size: lines.length, ...times, withheld });
  files.set("checkpoint", Buffer.from(makeCheckpoint(lines, key, origin)));
  for (let level = 0, hashes: Buffer[] = leavesOf(lines); hashes.length > 0; level += 1) {
    const above: Buffer[] = [];
    for (const [number, part] of chunk(hashes).entries()) {
      files.set(pathOf(`${level}`, number, part.length), Buffer.concat(part));
      if (part.length === 256) above.push(makeRoot(part));
    }
    hashes = above;
  }
  for (const [number, part] of chunk(lines).entries()) {
    if (withheldBundles.includes(number)) continue;
    const bundle = makeBundle(part);
    const path = pathOf("entries", number, part.length);
    files.set(isPacked ? `${path}.gz` : path, isPacked ? gzipSync(bundle) : bundle);
  }
  return files;
}

export function makeBundle(lines: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    lines.flatMap((line) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(line));
      return [length, Buffer.from(line)];
    }),
  );
}

export function setDescription(files: Files, fields: object): void {
  const before = JSON.parse(files.get("bundle.json")?.toString() ?? "{}") as object;
  files.set("bundle.json", Buffer.from(JSON.stringify({ ...before, ...fields })));
}

const chunk = <T>(all: readonly T[]): T[][] => Array.from({ length: Math.ceil(all.length / 256) }, (_, at) => all.slice(at * 256, (at + 1) * 256));

function pathOf(level: string, number: number, width: number): string {
  const digits = `${number}`.padStart(number < 1_000 ? 3 : 6, "0");
  return `tile/${level}/${digits.length === 3 ? digits : `x${digits.slice(0, 3)}/${digits.slice(3)}`}${width < 256 ? `.p/${width}` : ""}`;
}

export function writeFiles(files: Files, folder: string): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}
