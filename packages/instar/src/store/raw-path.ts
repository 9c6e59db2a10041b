/**
 * A path below a root, one character a byte, folders divided by "/", "" for the root. File names on Linux are bytes and need not be
 * UTF-8; as text they would be read as something that does not exist, and a snapshot would silently lack them.
 */
export type RawPath = string;

/** What file system calls take. */
export function locate(root: string, path: RawPath): Buffer {
  return path === "" ? Buffer.from(root) : Buffer.from(`${rawRoot(root)}/${path}`, "latin1");
}

let lastRoot: { readonly text: string; readonly raw: RawPath } = { text: "", raw: "" };

/** The same for thousands of paths, one after the other. */
function rawRoot(text: string): RawPath {
  if (lastRoot.text !== text) lastRoot = { text, raw: encodeRaw(text) };
  return lastRoot.raw;
}

export function joinRaw(folder: RawPath, name: string): RawPath {
  return folder === "" ? name : `${folder}/${name}`;
}

/** "" for what lies directly below the root. */
export function parentOf(path: RawPath): RawPath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** For people: not always a way back. */
export function renderRaw(path: RawPath): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** The text of it where it is UTF-8, undefined where only its bytes can be written down. */
export function decodeRaw(path: RawPath): string | undefined {
  const text = renderRaw(path);
  return Buffer.from(text, "utf8").toString("latin1") === path ? text : undefined;
}

export function encodeRaw(text: string): RawPath {
  return Buffer.from(text, "utf8").toString("latin1");
}
