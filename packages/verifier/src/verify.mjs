#!/usr/bin/env node
// Verifies an exported ledger of Instar, or the receipt of one entry. One file, because an auditor reads it from top to bottom and takes it along:
// it needs Node 18.3 or newer and nothing else, asks no network, and shares no code with what wrote the ledger. How it is called: USAGE below.
// It ends with 0 where everything was verified, with 1 where not, with 2 where it was called wrongly. Without a folder it takes the one it lies in.
//
// The formats are public: C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof; hashes as in RFC 6962 §2.1; canonical JSON as in RFC 8785.
// Everything read is taken for hostile: sizes have limits, paths are made of numbers, links are not followed, what is printed cannot steer a terminal.
// In memory are at any time one bundle of 256 entries and one unfinished tile a level, however long the ledger is.
import crypto from "node:crypto";
import { closeSync, constants, fstatSync, lstatSync, opendirSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";

const HASH_BYTES = 32;
const HASH = /^[0-9a-f]{64}$/;
const TILE_WIDTH = 256;
const ENTRY_LIMIT_BYTES = 65_535;
const BUNDLE_LIMIT_BYTES = TILE_WIDTH * (2 + ENTRY_LIMIT_BYTES);
/** Of bundle.json, a checkpoint and a receipt: room for far more than the 16 signatures that a reader must accept. */
const TEXT_LIMIT_BYTES = 1024 * 1024;
const RANGE_LIMIT = 1_000;
/** Deeper JSON is refused before it can exhaust the stack. */
const DEPTH_LIMIT = 500;

/** What is wrong with the ledger or the receipt, as one sentence that names the place. */
class Fault extends Error {}
/** What is wrong with how the program was called. */
class BadCall extends Error {}
function fail(sentence) {
  throw new Fault(sentence);
}

const USAGE = `usage: node verify.mjs [folder] [--key <vkey>] [--since <older checkpoint file>] [--passkeys <file>] [--json]
       node verify.mjs proof <receipt.tlog-proof> <entry file> --key <vkey> [--passkeys <file>] [--json]`;

// ---- the call ----

/** Verifies what the arguments of the command line ask for. Returns the exit status and what is to be printed; throws nothing. */
export function run(args) {
  const report = { verified: false, because: undefined, checked: [], warnings: [], notes: [] };
  try {
    const call = parseCall(args);
    if (call.receipt === undefined) verifyExport(call, report);
    else verifyReceipt(call, report);
    report.verified = true;
  } catch (error) {
    if (error instanceof BadCall) return { status: 2, text: `${error.message}\n${USAGE}\n` };
    report.because = error instanceof Fault ? error.message : "the verifier met something that it does not know how to judge";
  }
  return { status: report.verified ? 0 : 1, text: args.includes("--json") ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report) };
}

function parseCall(args) {
  const options = { key: { type: "string" }, since: { type: "string" }, passkeys: { type: "string" }, json: { type: "boolean" } };
  const { values, positionals } = attempt(() => parseArgs({ args, options, allowPositionals: true }), "the options are not those below", BadCall);
  const key = values.key === undefined ? undefined : parseKey(values.key);
  if (values.key !== undefined && key === undefined) throw new BadCall("--key wants an Ed25519 key in the form name+id+base64");
  const read = (path, what, limitBytes) =>
    attempt(() => readWhole(path, 0, limitBytes), `the ${what} cannot be read`, BadCall) ?? fail(`the ${what} is larger than ${limitBytes} bytes`);
  const passkeys =
    values.passkeys === undefined ? undefined : parsePasskeys(decode(read(values.passkeys, "list of passkeys", TEXT_LIMIT_BYTES), "the list of passkeys"));
  if (positionals[0] === "proof") {
    if (positionals.length !== 3 || key === undefined || values.since !== undefined) throw new BadCall("a receipt is verified with its entry and with --key");
    return { key, passkeys, receipt: read(positionals[1], "receipt", TEXT_LIMIT_BYTES), entry: read(positionals[2], "entry file", ENTRY_LIMIT_BYTES + 1) };
  }
  if (positionals.length > 1) throw new BadCall("one folder is verified at a time");
  const folder = positionals[0] ?? dirname(fileURLToPath(import.meta.url));
  if (!attempt(() => statSync(folder), "the folder cannot be looked at", BadCall).isDirectory()) throw new BadCall("what is to be verified is not a folder");
  return { key, passkeys, folder, since: values.since === undefined ? undefined : read(values.since, "older checkpoint", TEXT_LIMIT_BYTES) };
}

/** The same fields as in JSON, one a line. */
function renderReport({ verified, because, ...facts }) {
  const lines = Object.entries(facts).flatMap(([name, value]) => [value].flat().map((each) => `${name.padEnd(14)} ${each ?? "none"}`));
  return `${[verified ? "VERIFIED" : `NOT VERIFIED: ${because}`, ...lines].join("\n")}\n`;
}

// ---- the two questions ----

/** Verifies the export in a folder. Fills the report as far as it gets and throws a Fault at the first thing that is wrong. */
function verifyExport({ folder, key, since, passkeys }, report) {
  const bundle = parseDescription(readPart(folder, "bundle.json", TEXT_LIMIT_BYTES) ?? fail("bundle.json is missing"));
  const trusted = key ?? parseKey(bundle.key) ?? fail("bundle.json: its key is not an Ed25519 key in the form name+id+base64");
  if (key === undefined)
    report.warnings.push("the key came with the data, which proves that they belong together, not whose they are: give --key with a key from elsewhere");
  else if (bundle.key !== key.text) report.notes.push("bundle.json names another key than the one that was given; the given one was used");
  const checkpoint = parseCheckpoint(readPart(folder, "checkpoint", TEXT_LIMIT_BYTES) ?? fail("checkpoint is missing"), "checkpoint");
  assertSigned(checkpoint, trusted, "checkpoint", report);
  if (checkpoint.origin !== bundle.origin)
    fail(`another log: bundle.json names ${printable(bundle.origin)}, the checkpoint is of ${printable(checkpoint.origin)}`);
  if (checkpoint.size !== bundle.size) fail(`bundle.json speaks of ${bundle.size} entries, the checkpoint of ${checkpoint.size}`);
  const older = since === undefined ? undefined : readOlder(since, checkpoint, trusted);
  // What follows is what bundle.json says; nobody signed it.
  Object.assign(report, { madeAt: bundle.madeAt, from: bundle.from, to: bundle.to });
  report.saysWithheld = bundle.withheld.map(({ first, count, because }) => `${count} from entry ${first}: ${printable(because)}`);

  verifyTree(folder, checkpoint, older, bundle.withheld, passkeys, report);
  // A ledger without entries has no tiles.
  if (isThere(join(folder, "tile"), "isDirectory", "tile")) assertNothingElse(folder, "tile", checkpoint.size);
  report.checked.push("nothing else lies in the folder tile");
}

/** Verifies that an entry is in the ledger whose key signed the receipt's checkpoint. Throws a Fault. */
function verifyReceipt({ receipt, entry: file, key, passkeys }, report) {
  const { index, proof, checkpoint } = parseReceipt(receipt);
  assertSigned(checkpoint, key, "the receipt's checkpoint", report);
  if (index >= checkpoint.size) fail(`the receipt is of entry ${index}, and its checkpoint covers ${checkpoint.size} entries only`);
  // An entry is one line: the newline that an editor or a shell put behind it is not part of it.
  const bytes = file.at(-1) === 0x0a ? file.subarray(0, -1) : file;
  if (!isIncluded(hashLeaf(bytes), index, proof, checkpoint))
    fail("the receipt does not lead from this entry to the checkpoint's root: one of them was changed, or they do not belong together");
  const entry = parseEntry(bytes, index, "the entry file");
  const { at, event, actor, description } = entry;
  report.checked.push("the entry's hash leads to the root", "the entry is canonical and at its index");
  const approvals = { passkeys, signed: 0, plain: 0 };
  verifyApproval(entry, approvals, "the entry file");
  reportApprovals(approvals, report);
  Object.assign(report, { index, at, event: printable(event), actor: printable(actor.id), description: printable(description) });
}

// ---- the tree and its entries ----

/**
 * Reads the level-0 tiles once, from the first to the last: recomputes every tile above from them, and the roots, and holds each entry against its hash.
 * What is wrong with an entry is said only when the tree turned out to be the signed one: before, it could as well be the tile that was changed.
 */
function verifyTree(folder, { size, root }, older, withheld, passkeys, report) {
  /** By level: the hashes that have not filled a tile yet. Level 0 holds those of the tile that is being read. */
  const pending = [[]];
  const chain = { previous: hash(""), shown: 0, gaps: 0, backwards: 0, approvals: { passkeys, signed: 0, plain: 0 } };
  let entryFault;
  let olderRoot = older?.size === 0 ? rootOf([]) : undefined;
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const width = Math.min(TILE_WIDTH, size - first);
    const path = tilePath(0, first / TILE_WIDTH, width);
    pending[0] = readTile(folder, path, width);
    if (older !== undefined && older.size > first && older.size <= first + width)
      olderRoot = rootOf([pending[0].slice(0, older.size - first), ...pending.slice(1)]);
    try {
      if (entryFault === undefined) verifyBundle(folder, first, pending[0], path, withheld, chain);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      entryFault = error;
    }
    if (width === TILE_WIDTH) carry(folder, pending, first + width);
  }
  for (let level = 1; level < pending.length; level += 1) if (pending[level].length > 0) assertTile(folder, level, pending[level], size);
  if (rootOf(pending) !== root) fail(`the tiles give another root than the checkpoint: an entry's hash in tile/0 is not the one that was signed`);
  report.checked.push("every hash tile, recomputed from those below", "the root");
  if (older !== undefined) {
    if (olderRoot !== older.root) fail(`history was changed: the first ${older.size} entries are not those of the older checkpoint`);
    report.checked.push(`the ${older.size} entries of the older checkpoint are still the first ones`);
  }
  if (entryFault !== undefined) throw entryFault;
  report.checked.push(`${chain.shown} entries: canonical, in order, chained, and those that were signed`);
  Object.assign(report, { shown: chain.shown, withheld: size - chain.shown, firstAt: chain.firstAt, lastAt: chain.lastAt });
  reportApprovals(chain.approvals, report);
  if (chain.gaps > 0) report.notes.push(`places behind withheld entries where the chain of previous hashes was taken up again: ${chain.gaps}`);
  if (chain.backwards > 0) report.notes.push(`places where time goes back: ${chain.backwards}, the first at entry ${chain.firstBackwards}`);
}

/** A tile of level 0 is full: its root goes up, and the tiles that are filled by it are held against the folder. */
function carry(folder, pending, end) {
  for (let level = 1; ; level += 1) {
    pending[level] ??= [];
    pending[level].push(treeHash(pending[level - 1], 0, TILE_WIDTH));
    pending[level - 1] = [];
    if (pending[level].length < TILE_WIDTH) return;
    assertTile(folder, level, pending[level], end);
  }
}

/** Holds the tile of a level that ends with the entry before `end` against the hashes that it must have. */
function assertTile(folder, level, hashes, end) {
  const path = tilePath(level, Math.ceil(end / TILE_WIDTH ** level / TILE_WIDTH - 1), hashes.length);
  const found = readTile(folder, path, hashes.length);
  const wrong = hashes.findIndex((each, at) => each !== found[at]);
  if (wrong >= 0) fail(`${path}: hash ${wrong} is not what the tiles below give`);
}

function readTile(folder, path, width) {
  const bytes = readPart(folder, path, TILE_WIDTH * HASH_BYTES) ?? fail(`${path} is missing`);
  if (bytes.length !== width * HASH_BYTES) fail(`${path} has ${bytes.length} bytes instead of ${width * HASH_BYTES}`);
  return Array.from({ length: width }, (_, at) => bytes.toString("hex", at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

/** Holds the entries of one bundle against their hashes, and goes on with the chain. A missing bundle must be withheld. */
function verifyBundle(folder, first, hashes, tile, withheld, chain) {
  const path = tilePath("entries", first / TILE_WIDTH, hashes.length);
  const bytes = readBundle(folder, path);
  if (bytes === undefined) {
    let covered = first;
    for (const range of withheld) if (range.first <= covered) covered = Math.max(covered, range.first + range.count);
    if (covered < first + hashes.length) fail(`${path} is missing, and bundle.json does not name its entries as withheld`);
    chain.previous = undefined;
    return;
  }
  let at = 0;
  for (let index = first; index < first + hashes.length; index += 1) {
    const start = at + 2;
    const end = start <= bytes.length ? start + bytes.readUInt16BE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) fail(`${path} ends in the middle of entry ${index}`);
    verifyEntry(bytes.subarray(start, end), index, hashes[index - first], path, tile, chain);
    at = end;
  }
  if (at !== bytes.length) fail(`${path} has ${bytes.length - at} bytes more than its ${hashes.length} entries`);
}

function verifyEntry(bytes, index, leafHash, path, tile, chain) {
  if (hashLeaf(bytes) !== leafHash) fail(`entry ${index} in ${path} is not the one that was recorded: its hash is not the one in ${tile}`);
  const entry = parseEntry(bytes, index, path);
  if (chain.previous === undefined) chain.gaps += 1;
  else if (entry.previous !== chain.previous) fail(`entry ${index} in ${path} does not follow the entry before it: its previous hash is another one`);
  chain.previous = hash(bytes);
  verifyApproval(entry, chain.approvals, `entry ${index} in ${path}`);
  const atMs = Date.parse(entry.at);
  if (atMs < chain.atMs) {
    chain.backwards += 1;
    chain.firstBackwards ??= index;
  }
  chain.firstAt ??= entry.at;
  chain.lastAt = entry.at;
  chain.atMs = atMs;
  chain.shown += 1;
}

/** The entry in its bytes, known to be canonical, at its index, and to have the fields that every entry has. */
function parseEntry(bytes, index, path) {
  const { text, json: entry } = parseJson(bytes, `entry ${index} in ${path}`);
  if (renderCanonical(entry, 0) !== text) fail(`entry ${index} in ${path} is not canonical JSON`);
  const texts = [entry?.actor?.id, entry?.actor?.type, entry?.at, entry?.description, entry?.event, entry?.previous];
  const isWhole = texts.every((each) => typeof each === "string") && typeof entry.success === "boolean" && isTime(entry.at) && HASH.test(entry.previous);
  if (!isWhole) fail(`entry ${index} in ${path} lacks a field that every entry has, or it is not of its kind`);
  if (entry.index !== index) fail(`entry ${index} in ${path} says that it is at another place`);
  return entry;
}

/** RFC 8785. What has no canonical form (half a character, or nesting beyond the limit) becomes a word that is no JSON, so that no text equals it. */
function renderCanonical(value, depth) {
  if (depth > DEPTH_LIMIT) return "none";
  if (typeof value === "string") return renderString(value);
  if (typeof value !== "object" || value === null) return `${value}`;
  if (Array.isArray(value)) return `[${value.map((each) => renderCanonical(each, depth + 1)).join(",")}]`;
  let members = "";
  for (const key of Object.keys(value).sort()) members += `${members === "" ? "" : ","}${renderString(key)}:${renderCanonical(value[key], depth + 1)}`;
  return `{${members}}`;
}

function renderString(value) {
  if (/^[ !#-[\]-~]*$/.test(value)) return `"${value}"`;
  return /\p{Surrogate}/u.test(value) ? "none" : JSON.stringify(value);
}

// ---- approvals that passkeys signed: WebAuthn Level 3, §7.2 ----

/** 32 bytes of the host's digest, the flags, the counter (§6.1). */
const AUTHENTICATOR_HEAD_BYTES = 37;
const USER_PRESENT_AND_VERIFIED = 0x05;

/** Holds an approval against what its passkey signed, with the key that stands beside it, and that key against the list that was given. */
function verifyApproval({ event, actor, update, details }, approvals, place) {
  if (event !== "UPDATE_APPROVED") return;
  const word = details?.passkey;
  if (word === undefined) {
    approvals.plain += 1;
    approvals.firstPlain ??= place;
    return;
  }
  const refuse = (because) => fail(`${place}: what a passkey signed for ${printable(actor.id)} does not hold: ${because}`);
  const isWhole =
    isObject(word) && ["text", "id", "host", "key", "clientData", "authenticatorData", "signature"].every((name) => typeof word[name] === "string");
  if (!isWhole) refuse("a part of it is missing");
  const statement = parseObject(word.text) ?? refuse("what was signed is no statement");
  const client = parseObject(word.clientData) ?? refuse("what the browser said cannot be read");
  const text = Buffer.from(word.text);
  if (renderCanonical(statement, 0) !== word.text || statement.format !== "instar-approval/1" || statement.answer !== "approve") refuse("it is no approval");
  if (client.type !== "webauthn.get") refuse("it was signed for something else");
  if (client.challenge !== crypto.createHash("sha256").update(text).digest("base64url")) refuse("another text was signed");
  if (client.origin !== statement.origin || hostOf(statement.origin) !== word.host) refuse("it was signed at another place than it says");
  if ((client.crossOrigin ?? false) !== false || client.topOrigin !== undefined) refuse("it was signed within a page of somebody else");
  if (statement.update !== update) refuse("it is of another update");
  if (statement.release !== details.digest || statement.rules !== details.policy) refuse("it is of another release, or under other policies");
  if (statement.by !== actor.id || details.by !== actor.id) refuse("it is another person's word");
  const isCut = /\[redacted: |… \(/.test(details.because ?? "");
  if (!isCut && statement.because !== `sha256:${hash(Buffer.from(String(details.because)))}`) refuse("it has another comment");

  const data = Buffer.from(word.authenticatorData, "hex");
  const isOfHost = data.length >= AUTHENTICATOR_HEAD_BYTES && data.toString("hex", 0, HASH_BYTES) === hash(Buffer.from(word.host));
  if (!isOfHost) refuse("the authenticator signed for another host");
  if ((data[HASH_BYTES] & USER_PRESENT_AND_VERIFIED) !== USER_PRESENT_AND_VERIFIED) refuse("the authenticator did not ask who was there");
  const key = attemptOr(() => crypto.createPublicKey({ key: parseBase64(word.key), format: "der", type: "spki" }), undefined) ?? refuse("its key is none");
  const signed = Buffer.concat([data, Buffer.from(hash(Buffer.from(word.clientData)), "hex")]);
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  if (!attemptOr(() => crypto.verify(algorithm, signed, key, Buffer.from(word.signature, "hex")), false)) refuse("the signature is wrong");
  if (approvals.passkeys?.some((each) => each.join(" ") === [actor.id, word.host, word.id, word.key].join(" ")) === false)
    fail(`${place}: signed by a passkey that the given list does not have for ${printable(actor.id)}`);
  approvals.signed += 1;
}

function reportApprovals({ passkeys, signed, plain, firstPlain }, report) {
  if (signed > 0) report.checked.push(`${signed} approvals that passkeys signed, each of its update, release, policies and person`);
  if (signed > 0 && passkeys === undefined)
    report.warnings.push("the passkeys' keys came with the data: give --passkeys with a list from elsewhere, or it is not known whose they are");
  if (plain > 0) report.notes.push(`approvals that no passkey signed: ${plain}, the first is ${firstPlain}`);
}

/** One a line: person, host, id, key, and a label that is passed over. */
function parsePasskeys(text) {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(/\s+/).slice(0, 4));
}

function parseObject(text) {
  const value = attemptOr(() => JSON.parse(text), undefined);
  return isObject(value) ? value : undefined;
}

const hostOf = (origin) => attemptOr(() => new URL(origin).hostname, undefined);

function attemptOr(work, otherwise) {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

// ---- hashes: RFC 6962 §2.1 ----

/** SHA-256 as 64 hex digits, as hashes are kept throughout. In one call where Node has that (20.12), which is faster. */
const hash = (bytes) => (crypto.hash === undefined ? crypto.createHash("sha256").update(bytes).digest("hex") : crypto.hash("sha256", bytes, "hex"));
const hashLeaf = (bytes) => hash(Buffer.concat([Buffer.of(0), bytes]));
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
function hashNode(left, right) {
  node.write(left, 1, "hex");
  node.write(right, 1 + HASH_BYTES, "hex");
  return hash(node);
}

/** The hash over a list of hashes: split at the largest power of two that is smaller than the list. */
function treeHash(hashes, from, to) {
  if (to - from === 1) return hashes[from];
  let half = 1;
  while (half * 2 < to - from) half *= 2;
  return hashNode(treeHash(hashes, from, from + half), treeHash(hashes, from + half, to));
}

/** The root over what each level holds besides full tiles. What a level leaves over is the last and smaller part of the level above. */
function rootOf(pending) {
  let rest = [];
  for (const level of pending) {
    const hashes = [...level, ...rest];
    rest = hashes.length === 0 ? [] : [treeHash(hashes, 0, hashes.length)];
  }
  return rest[0] ?? hash("");
}

/** Whether the proof leads from the leaf to the root. Arithmetic instead of shifts: an index may have more than 32 bits. */
function isIncluded(leaf, index, proof, { size, root }) {
  let at = index;
  let last = size - 1;
  let found = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    // The last node of a level that has no sibling goes up as it is.
    while (at % 2 === 0 && at === last) [at, last] = [at / 2, Math.floor(last / 2)];
    found = at % 2 === 1 ? hashNode(sibling, found) : hashNode(found, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && found === root;
}

// ---- signed texts: C2SP signed-note, tlog-checkpoint, tlog-proof ----

/** A key `name+id+base64(0x01 || 32 bytes)` whose id is right; undefined for anything else. */
function parseKey(text) {
  const [, name, id, base64] = /^([^+]{1,1000})\+([0-9a-f]{8})\+([0-9A-Za-z+/=]+)$/.exec(text) ?? [];
  const bytes = parseBase64(base64);
  if (!isKeyName(name) || bytes?.length !== 1 + HASH_BYTES || bytes[0] !== 1) return undefined;
  if (hash(Buffer.concat([Buffer.from(`${name}\n`), bytes])).slice(0, 8) !== id) return undefined;
  // The fixed beginning of an Ed25519 key in DER (RFC 8410).
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes.subarray(1)]);
  return { text, name, id, publicKey: crypto.createPublicKey({ key: der, format: "der", type: "spki" }) };
}

const isKeyName = (name) => name !== undefined && name !== "" && !/[\p{White_Space}\p{Cc}+]/u.test(name);

/** A checkpoint without extension lines. The signatures are not verified yet. */
function parseCheckpoint(bytes, place) {
  const note = decode(bytes, place);
  const split = note.lastIndexOf("\n\n") + 1;
  const text = note.slice(0, split);
  if (split === 0 || !note.endsWith("\n") || /[^\n\P{Cc}]/u.test(note)) fail(`${place} is not a signed note`);
  const signatures = note
    .slice(split + 1, -1)
    .split("\n")
    .map((line) => /^— (\S+) (\S+)$/.exec(line) ?? [])
    .map(([, name, base64]) => ({ name, bytes: parseBase64(base64) }));
  if (!signatures.every(({ name, bytes: each }) => isKeyName(name) && each?.length > 4)) fail(`${place} has a signature line that is none`);
  const [origin, size, base64, ...more] = text.slice(0, -1).split("\n");
  const root = parseBase64(base64);
  if (origin === "" || !isCount(size) || root?.length !== HASH_BYTES) fail(`${place} does not name a log, a size and a root hash`);
  if (more.length > 0) fail(`${place} has lines behind the root hash, which a checkpoint of Instar never has`);
  return { text, origin, size: Number(size), root: root.toString("hex"), signatures };
}

/** Signed by the key, with no signature of the key that is wrong. What else is signed by others is passed over. */
function assertSigned({ text, origin, size, root, signatures }, key, place, report) {
  const name = `${printable(key.name)}+${key.id}`;
  const own = signatures.filter((each) => each.name === key.name && each.bytes.toString("hex", 0, 4) === key.id);
  if (own.length === 0) fail(`${place} is not signed by the key ${name}`);
  if (!own.every((each) => crypto.verify(null, Buffer.from(text), key.publicKey, each.bytes.subarray(4)))) fail(`${place}: the signature of ${name} is wrong`);
  if (report === undefined) return;
  Object.assign(report, { log: printable(origin), size, root: Buffer.from(root, "hex").toString("base64"), key: name });
  report.checked.push("the checkpoint's signature");
  if (key.name !== origin) report.notes.push("the key's name is not the log's name");
}

/** The older checkpoint, signed by the same key and of the same log, and not beyond the newer one. */
function readOlder(bytes, newer, key) {
  const older = parseCheckpoint(bytes, "the older checkpoint");
  if (older.origin !== newer.origin) fail(`another log: the older checkpoint is of ${printable(older.origin)}, the export of ${printable(newer.origin)}`);
  assertSigned(older, key, "the older checkpoint");
  if (older.size > newer.size) fail(`goes back: the older checkpoint covers ${older.size} entries, the export only ${newer.size}`);
  return older;
}

function parseReceipt(bytes) {
  const text = decode(bytes, "the receipt");
  const split = text.indexOf("\n\n");
  const [version, ...lines] = text.slice(0, Math.max(split, 0)).split("\n");
  if (version !== "c2sp.org/tlog-proof@v1") fail("the receipt is not a c2sp.org/tlog-proof@v1");
  // Whatever the extra data says, nobody signed it.
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (\S+)$/.exec(lines.shift() ?? "")?.[1];
  const proof = lines.map(parseBase64);
  if (!isCount(index) || !proof.every((each) => each?.length === HASH_BYTES)) fail("the receipt does not name an index and a list of hashes");
  return {
    index: Number(index),
    proof: proof.map((each) => each.toString("hex")),
    checkpoint: parseCheckpoint(Buffer.from(text.slice(split + 2)), "the receipt's checkpoint"),
  };
}

/** Standard base64 with its padding and in its only spelling; undefined for anything else. */
function parseBase64(text) {
  const bytes = Buffer.from(text ?? "", "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

const isCount = (text) => text !== undefined && /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text));

// ---- bundle.json ----

/** What the export says of itself. Nobody signed it, so whatever matters is held against the checkpoint. */
function parseDescription(bytes) {
  const { json } = parseJson(bytes, "bundle.json");
  if (!isObject(json) || json.format !== "instar-ledger-export/1") fail("bundle.json is not of the format instar-ledger-export/1");
  const { origin, key, size, madeAt, from, to, withheld } = json;
  const isPlace = (number) => Number.isSafeInteger(number) && number >= 0;
  const isRange = (one) => isObject(one) && isPlace(one.first) && isPlace(one.count) && one.first + one.count <= size && typeof one.because === "string";
  if (typeof origin !== "string" || typeof key !== "string" || !isPlace(size)) fail("bundle.json does not name a log, a key and a size");
  if (!isTime(madeAt) || ![from, to].every((each) => each === null || isTime(each))) fail("bundle.json has a time that is none");
  if (!Array.isArray(withheld) || withheld.length > RANGE_LIMIT || !withheld.every(isRange)) fail("bundle.json: its list of withheld entries is none");
  return { origin, key, size, madeAt, from, to, withheld: withheld.sort((a, b) => a.first - b.first) };
}

// ---- files ----

/** `tile/<level>/<N>[.p/<W>]`, N in groups of three digits (C2SP tlog-tiles). Level "entries" for bundles of entries. */
function tilePath(level, number, width) {
  const groups = String(number)
    .padStart(Math.ceil(String(number).length / 3) * 3, "0")
    .match(/\d{3}/g);
  return `tile/${level}/${groups.map((each, at) => (at < groups.length - 1 ? `x${each}` : each)).join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** A bundle of entries, unpacked; undefined where there is none. */
function readBundle(folder, path) {
  const plain = readPart(folder, path, BUNDLE_LIMIT_BYTES);
  const packed = readPart(folder, `${path}.gz`, BUNDLE_LIMIT_BYTES);
  if (packed === undefined) return plain;
  if (plain !== undefined) fail(`${path} is there twice, packed and not packed`);
  const unpack = () => gunzipSync(packed, { maxOutputLength: BUNDLE_LIMIT_BYTES, info: true });
  const { buffer, engine } = attempt(unpack, `${path}.gz cannot be unpacked within ${BUNDLE_LIMIT_BYTES} bytes`);
  if (engine.bytesWritten !== packed.length) fail(`${path}.gz has bytes behind its end`);
  return buffer;
}

/** The bytes of one file of the export; undefined where there is none. No link is followed on any step of the way. */
function readPart(folder, path, limitBytes) {
  let at = folder;
  const steps = path.split("/");
  for (const [depth, step] of steps.entries()) {
    at = join(at, step);
    if (!isThere(at, depth === steps.length - 1 ? "isFile" : "isDirectory", path)) return undefined;
  }
  const bytes = attempt(() => readWhole(at, constants.O_NOFOLLOW ?? 0, limitBytes), `${path} cannot be read`);
  return bytes ?? fail(`${path} is larger than ${limitBytes} bytes`);
}

/** Whether there is a file or a folder. Something else in its place, a link above all, is a fault. */
function isThere(at, kind, path) {
  const found = attempt(() => lstatSync(at, { throwIfNoEntry: false }), `${path} cannot be looked at`);
  if (found !== undefined && !found[kind]()) fail(`${path} is not a plain file in plain folders, and links are not followed`);
  return found !== undefined;
}

/** The bytes of a file; undefined where it has more than the limit, or grows meanwhile. */
function readWhole(path, flags, limitBytes) {
  const file = openSync(path, constants.O_RDONLY | flags);
  try {
    const stat = fstatSync(file);
    const sizeBytes = stat.isFile() ? stat.size : limitBytes;
    if (sizeBytes > limitBytes) return undefined;
    // One byte more than there should be, to see that there is none.
    const bytes = Buffer.allocUnsafe(sizeBytes + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= sizeBytes; length += read) read = readSync(file, bytes, length, bytes.length - length, null);
    return length > sizeBytes ? undefined : bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Files that no checkpoint covers would be taken for part of the ledger by whoever reads the folder. Hidden files are left alone. */
function assertNothingElse(folder, path, size) {
  const listing = attempt(() => opendirSync(join(folder, path)), `${path} cannot be listed`);
  try {
    for (let found = listing.readSync(); found !== null; found = listing.readSync()) {
      const inside = `${path}/${found.name}`;
      if (found.isDirectory() && /^tile\/(\d|entries)(\/x\d{3}){0,5}(\/\d{3}\.p)?$/.test(inside)) assertNothingElse(folder, inside, size);
      // What is part of the tree was read before, and is known to be a file.
      else if (!found.name.startsWith(".") && !isPartOfTree(inside, size)) fail(`${printable(inside)} is not part of the ledger that the checkpoint covers`);
    }
  } finally {
    listing.closeSync();
  }
}

function isPartOfTree(path, size) {
  const [, level, groups, packed] = /^tile\/(\d|entries)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/\d{1,3})?(\.gz)?$/.exec(path) ?? [];
  if (level === undefined || (packed !== undefined && level !== "entries")) return false;
  const number = Number(groups.replace(/[x/]/g, ""));
  const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** (level === "entries" ? 0 : Number(level))) - number * TILE_WIDTH);
  return width > 0 && path === tilePath(level, number, width) + (packed ?? "");
}

// ---- small things ----

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function decode(bytes, place) {
  return attempt(() => utf8.decode(bytes), `${place} is not UTF-8 text`);
}

function parseJson(bytes, place) {
  const text = decode(bytes, place);
  return { text, json: attempt(() => JSON.parse(text), `${place} is not JSON`) };
}

/** The words of the system and of parsers stay inside: they may hold what an attacker wrote. */
function attempt(act, sentence, Kind = Fault) {
  try {
    return act();
  } catch {
    throw new Kind(sentence);
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTime = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value) && !Number.isNaN(Date.parse(value));
/** What others wrote, for a terminal: nothing that moves the cursor or turns the writing around, and not endless. */
const printable = (text) => (text.length > 300 ? `${text.slice(0, 300)}…` : text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");

// Both are resolved: started through a link, it must not end silently with the status of success.
if (process.argv[1] !== undefined && realpathSync.native(process.argv[1]) === realpathSync.native(fileURLToPath(import.meta.url))) {
  const { status, text } = run(process.argv.slice(2));
  process.exitCode = status;
  (status === 2 ? process.stderr : process.stdout).write(text);
}
