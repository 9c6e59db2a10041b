import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, makePrivateFolder, writeFileDurably } from "../platform/durable-files.ts";

/** A key as metadata spell it. */
export interface PublicKey {
  readonly keytype: "ed25519";
  readonly scheme: "ed25519";
  readonly keyval: { readonly public: string };
}

export interface SigningKey {
  /** The file's name without .pem: for people. */
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: PublicKey;
  /** The signature in hex. */
  readonly sign: (bytes: Uint8Array) => string;
}

/** Larger than any key file of ours: who puts a disk image here is not read to its end. */
const LONGEST_KEY_BYTES = 16_384;

/**
 * The keys of a folder: each `<name>.pem` is one Ed25519 private key (PKCS#8). A folder that is not there holds none.
 *
 * @throws InstarError FORBIDDEN where others than the owner may read a key, INPUT_INVALID where a file is no such key, PLATFORM_FAILED
 */
export async function readKeyFolder(folder: string): Promise<SigningKey[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw explainFileError(error, `could not read the keys in ${folder}`);
  });
  const keys: SigningKey[] = [];
  for (const name of names.filter((each) => each.endsWith(".pem")).toSorted()) keys.push(await readKey(join(folder, name), name.slice(0, -".pem".length)));
  return keys;
}

/**
 * The key of this name: the one that is there, or a new one, written with mode 0600. A crash leaves a whole key or none.
 *
 * @throws InstarError as `readKeyFolder`, DISK_FULL
 */
export async function makeKey(folder: string, name: string): Promise<SigningKey> {
  await makePrivateFolder(folder);
  const there = (await readdir(folder)).includes(`${name}.pem`);
  const path = join(folder, `${name}.pem`);
  if (!there) await writeFileDurably(path, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
  return readKey(path, name);
}

/** @throws InstarError INPUT_INVALID where this is no Ed25519 public key in PEM (SPKI) */
export function parsePublicKey(pem: string): { readonly keyId: string; readonly publicKey: PublicKey } {
  let key: KeyObject;
  try {
    // A private key would be taken as well, and its holder shall not have to show it to anybody.
    if (!pem.includes("BEGIN PUBLIC KEY")) throw new Error("it does not begin like a public key");
    key = createPublicKey(pem);
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", "this is no public key in PEM", { cause });
  }
  return describePublicKey(key, "the key");
}

/** As in TUF: SHA-256 of the key in canonical form, in hex. */
export function keyIdOf({ keytype, scheme, keyval }: PublicKey): string {
  return createHash("sha256")
    .update(JSON.stringify({ keytype, keyval: { public: keyval.public }, scheme }))
    .digest("hex");
}

async function readKey(path: string, name: string): Promise<SigningKey> {
  const text = await readPrivateFile(path);
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    // The cause says nothing of the key's bytes, but nobody promises that it never will.
    throw new InstarError("INPUT_INVALID", `${path} is no private key in PEM (PKCS#8)`, {
      cause: new Error((cause as NodeJS.ErrnoException).code ?? "unreadable"),
    });
  }
  const { keyId, publicKey } = describePublicKey(createPublicKey(key), path);
  return { name, keyId, publicKey, sign: (bytes) => sign(null, bytes, key).toString("hex") };
}

async function readPrivateFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw explainFileError(error, `could not open the key ${path}`);
  });
  try {
    const { mode, size } = await file.stat();
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new InstarError("FORBIDDEN", `others than its owner may read the key ${path}`, { facts: { path }, advice: `Make it private: chmod 600 ${path}` });
    if (size > LONGEST_KEY_BYTES) throw new InstarError("INPUT_INVALID", `${path} is too large to be a key`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function describePublicKey(key: KeyObject, what: string): { keyId: string; publicKey: PublicKey } {
  if (key.asymmetricKeyType !== "ed25519")
    throw new InstarError("INPUT_INVALID", `${what} is a key of ${key.asymmetricKeyType ?? "an unknown kind"}; only Ed25519 is used`);
  const { x } = key.export({ format: "jwk" });
  const publicKey: PublicKey = { keytype: "ed25519", scheme: "ed25519", keyval: { public: Buffer.from(x ?? "", "base64url").toString("hex") } };
  return { keyId: keyIdOf(publicKey), publicKey };
}
