import { InstarError } from "@instar/protocol";
import { quoteText } from "../../platform/plain-text.ts";
import { FOLDER_LIMITS } from "./folder-limits.ts";

/** From the folder's top down; none of them is empty, `.`, `..` or git's. */
export type AgentNames = readonly string[];

/**
 * The names of a path that an agent gave, from the top of its folder; none for the top itself (`""` or `.`). `./a` and `a//b/` are taken for what they mean. `\` is
 * refused everywhere, also where it would be a letter of a name. Pure; links are looked for when it is opened.
 *
 * @param system Windows takes more names for something else
 * @throws InstarError INPUT_INVALID (not a path), FORBIDDEN (leads outside, or into git's own files)
 */
export function parseAgentPath(path: string, system: NodeJS.Platform = process.platform): AgentNames {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `the path ${quoteText(String(path), 200)} ${because}`);
  if (typeof path !== "string") throw refuse("is no text");
  if (path.length > FOLDER_LIMITS.pathLetters) throw refuse(`is longer than ${FOLDER_LIMITS.pathLetters} letters`);
  if (path.includes("\0")) throw refuse("has a NUL in it");
  if (!path.isWellFormed()) throw refuse("is not Unicode text");
  if (path.includes("\\")) throw refuse('has a "\\" in it: folders are parted by "/"');
  if (path.startsWith("/") || /^[a-z]:\//i.test(path))
    throw new InstarError("FORBIDDEN", `the path ${quoteText(path, 200)} is absolute: say it from the top of the folder, without a "/" before it`);
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.length > FOLDER_LIMITS.depth) throw refuse(`has more than ${FOLDER_LIMITS.depth} folders`);
  for (const name of names) {
    if (name === "..") throw new InstarError("FORBIDDEN", `the path ${quoteText(path, 200)} has ".." in it: say it from the top of the folder`);
    if (Buffer.byteLength(name) > FOLDER_LIMITS.nameBytes) throw refuse(`has a name of more than ${FOLDER_LIMITS.nameBytes} bytes`);
    if (/^[a-z]:/i.test(name) || (system === "win32" && WINDOWS_REFUSES.test(name))) throw refuse("has a name that Windows takes for something else");
    if (isGitName(name))
      throw new InstarError("FORBIDDEN", `the path ${quoteText(path, 200)} leads to git's own files, which Instar neither reads nor writes`, {
        advice: "Use git itself for what is in the repository's history.",
      });
  }
  return names;
}

/** Streams of a file, devices, and names whose end it leaves out. */
const WINDOWS_REFUSES = /[<>:"|?*\p{Cc}]|[. ]$|^(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])( *\.|$)/iu;

/**
 * Whether some file system takes the name for `.git`: those that ignore case, that leave out letters without a width (HFS+, ext4 with casefold), that know
 * short names (`GIT~1`), streams (`.git::$INDEX_ALLOCATION`) and ignore dots and spaces at the end (NTFS). Git refuses the same.
 */
export function isGitName(name: string): boolean {
  const folded = name
    .normalize("NFKC")
    .replaceAll(/[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Mn}]/gu, "")
    .toLowerCase()
    .replaceAll(/\p{Mn}/gu, "")
    .replaceAll("ı", "i")
    .replace(/:.*$/s, "")
    .replace(/[. ]+$/, "");
  return folded === ".git" || /^git~\d+$/.test(folded);
}
