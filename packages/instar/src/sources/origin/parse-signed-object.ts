import { createHash } from "node:crypto";

/** A commit or a tag of git, taken apart into what was signed and the signature over it. */
export interface SignedObject {
  readonly kind: "commit" | "tag";
  /** What the signature is over: the object without it. */
  readonly payload: Buffer;
  readonly signature: { readonly format: "ssh" | "openpgp"; readonly armoured: string } | null;
  /** The headers that stand before the message, in their order; continued lines are left out. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export type ParsedObject = { readonly kind: "parsed"; readonly object: SignedObject } | { readonly kind: "refused"; readonly because: string };

const SSH = "-----BEGIN SSH SIGNATURE-----";
const PGP = /^-----BEGIN PGP (SIGNATURE|MESSAGE)-----/;
const NEWLINE = 0x0a;

/**
 * Takes the bytes of a commit or a tag apart, as git signs them: of a commit the signature is a header (`gpgsig`), of a tag it is the end of the message. Pure.
 * An object with more than one signature is refused: which of them a reader believes would be anybody's guess.
 */
export function parseSignedObject(kind: "commit" | "tag", bytes: Buffer): ParsedObject {
  const end = bytes.indexOf("\n\n");
  const head = end === -1 ? bytes : bytes.subarray(0, end + 1);
  if (head.includes(0)) return { kind: "refused", because: "a NUL byte stands among its headers" };
  return kind === "commit" ? parseCommit(bytes, head) : parseTag(bytes, head);
}

/** What git calls an object with these bytes. SHA-1, as in the repositories that are followed. */
export const nameOfObject = (kind: "commit" | "tag", bytes: Buffer): string =>
  createHash("sha1").update(`${kind} ${bytes.length}\0`).update(bytes).digest("hex");

function parseCommit(bytes: Buffer, head: Buffer): ParsedObject {
  const kept: Buffer[] = [];
  const headers: (readonly [string, string])[] = [];
  const found: string[] = [];
  let inside: "kept" | "signature" | "other-hash" = "kept";
  for (const line of linesOf(head)) {
    const isContinued = line[0] === 0x20;
    const text = line.toString("utf8").replace(/\n$/, "");
    if (!isContinued) {
      const [name = ""] = text.split(" ", 1);
      inside = name === "gpgsig" ? "signature" : name === "gpgsig-sha256" ? "other-hash" : "kept";
      if (inside === "signature") found.push(text.slice("gpgsig ".length));
      if (inside === "kept") headers.push([name, text.slice(name.length + 1)]);
    } else if (inside === "signature") found.push(`${found.pop() ?? ""}\n${text.slice(1)}`);
    if (inside === "kept") kept.push(line);
  }
  if (found.length > 1) return { kind: "refused", because: "it has more than one signature" };
  const payload = Buffer.concat([...kept, bytes.subarray(head.length)]);
  return finish("commit", payload, headers, found[0]);
}

/** The signature begins at the last line that looks like the beginning of one. */
function parseTag(bytes: Buffer, head: Buffer): ParsedObject {
  const headers = linesOf(head).flatMap((line) => {
    const text = line.toString("utf8").replace(/\n$/, "");
    const [name = ""] = text.split(" ", 1);
    return text.startsWith(" ") ? [] : [[name, text.slice(name.length + 1)] as const];
  });
  let at = head.length;
  const begins: number[] = [];
  for (const line of linesOf(bytes.subarray(head.length))) {
    const text = line.toString("latin1");
    if (text.startsWith(SSH) || PGP.test(text)) begins.push(at);
    at += line.length;
  }
  if (begins.length > 1) return { kind: "refused", because: "it has more than one signature" };
  const [begin] = begins;
  if (begin === undefined) return finish("tag", bytes, headers, undefined);
  return finish("tag", bytes.subarray(0, begin), headers, bytes.subarray(begin).toString("latin1"));
}

function finish(kind: SignedObject["kind"], payload: Buffer, headers: SignedObject["headers"], armoured: string | undefined): ParsedObject {
  if (armoured === undefined) return { kind: "parsed", object: { kind, payload, headers, signature: null } };
  const format = armoured.startsWith(SSH) ? "ssh" : PGP.test(armoured) ? "openpgp" : undefined;
  if (format === undefined) return { kind: "refused", because: "its signature is neither of SSH nor of OpenPGP" };
  return { kind: "parsed", object: { kind, payload, headers, signature: { format, armoured } } };
}

/** Each with its newline. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(NEWLINE, from);
    const to = at === -1 ? bytes.length : at + 1;
    lines.push(bytes.subarray(from, to));
    from = to;
  }
  return lines;
}
