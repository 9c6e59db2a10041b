import { InstarError } from "@instar/protocol";

/** What a person names to be taken: something of the source's git, a package of a registry, or files on this machine. */
export type Target =
  | { readonly kind: "git"; readonly name: string }
  | { readonly kind: "package"; readonly package: string; readonly wanted: string }
  | { readonly kind: "folder" | "tarball"; readonly path: string };

const PACKAGE = /^((?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)@([^\s/@]+)$/i;
const TARBALL = /\.(tgz|tar|tar\.gz)$/i;
/** From the root, on any system, as the command line writes paths out. */
const ABSOLUTE = /^([\\/]|[A-Za-z]:[\\/])/;
const WRITTEN_AS_PATH = /^(\.{1,2}|~)([\\/]|$)/;

/** @throws InstarError INPUT_INVALID for a path that counts from a folder which the daemon does not know */
export function planTarget(text: string): Target {
  if (ABSOLUTE.test(text)) return { kind: TARBALL.test(text) ? "tarball" : "folder", path: text };
  if (WRITTEN_AS_PATH.test(text) || TARBALL.test(text))
    throw new InstarError("INPUT_INVALID", `${JSON.stringify(text)} counts from a folder that only you know`, {
      advice: "Give the whole path, from the root.",
    });
  const [, name, wanted] = PACKAGE.exec(text) ?? [];
  return name === undefined || wanted === undefined ? { kind: "git", name: text } : { kind: "package", package: name, wanted };
}
