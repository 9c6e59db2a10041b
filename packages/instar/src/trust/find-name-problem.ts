import { quoteText } from "../platform/plain-text.ts";

const DEEPEST = 32;
/** Of one name in UTF-8 bytes: what every common file system takes. */
const LONGEST_NAME_BYTES = 255;
const LONGEST_PATH_BYTES = 1_024;

/** Windows opens a device where a file has one of these names, whatever follows the first dot. */
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])$/i;

/**
 * Why these paths must not be files of one release, in a sentence; undefined where nothing speaks against it. What one system takes for two files and another
 * for one is refused: the release would be different ones. Paths are relative, with `/`. Pure.
 */
export function findNameProblem(paths: readonly string[]): string | undefined {
  const spelled = new Map<string, { readonly path: string; readonly isFile: boolean }>();
  for (const path of paths) {
    const shown = quoteText(path, 200);
    const because = findPathProblem(path);
    if (because !== undefined) return `${shown} ${because}`;
    const parts = path.split("/");
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const here = parts.slice(0, depth).join("/");
      const isFile = depth === parts.length;
      const known = spelled.get(foldName(here));
      if (known === undefined) spelled.set(foldName(here), { path: here, isFile });
      else if (known.path !== here) return `${shown} and ${quoteText(known.path, 200)} are one name on some systems`;
      else if (known.isFile || isFile) return `${shown} is there twice, or is a file and a folder at once`;
    }
  }
  return undefined;
}

function findPathProblem(path: string): string | undefined {
  if (!path.isWellFormed()) return "is no text";
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) return `is longer than ${LONGEST_PATH_BYTES} bytes`;
  if (path.includes("\\")) return "holds a backslash, which is a separator on some systems";
  if (path.startsWith("/") || /^[a-z]:/i.test(path)) return "is an absolute path";
  const parts = path.split("/");
  if (parts.length > DEEPEST) return `lies more than ${DEEPEST} folders deep`;
  for (const part of parts) {
    const because = findPartProblem(part);
    if (because !== undefined) return because;
  }
  return undefined;
}

function findPartProblem(name: string): string | undefined {
  if (name === "") return "has an empty name in it";
  if (name === "." || name === "..") return "leads elsewhere with dots";
  if (/\p{Cc}/u.test(name)) return "holds a control character";
  if (/[<>:"|?*]/.test(name)) return "holds a character that some systems do not take in a name";
  if (/[. ]$/.test(name)) return "has a name that ends with a dot or a blank, which some systems drop";
  if (Buffer.byteLength(name) > LONGEST_NAME_BYTES) return `has a name of more than ${LONGEST_NAME_BYTES} bytes`;
  if (DEVICES.test(stripExtension(name))) return "has a name that is a device on some systems";
  if (/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u206a-\u206f\ufeff]/.test(name)) return "holds a character that nobody sees";
  if (/^(\.git|git~\d+)$/i.test(name)) return "has a name that git keeps for itself";
  return undefined;
}

const stripExtension = (name: string) => name.replace(/\..*$/s, "").trimEnd();

/** Two paths of one key are one file somewhere: case does not count there, nor how a letter is composed. Upper case first, so that ß and ss meet. */
const foldName = (path: string) => path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
