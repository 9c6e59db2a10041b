import { InstarError } from "@instar/protocol";

/** How a text file is written, so that a change of a value changes nothing else. */
export interface TextForm {
  /** Without its byte order mark. */
  readonly text: string;
  readonly hasMark: boolean;
  readonly lineEnd: "\n" | "\r\n";
}

const MARK = "\uFEFF";

/** @throws InstarError EDIT_REFUSED where the bytes are not UTF-8 */
export function readTextForm(bytes: Uint8Array, path: string): TextForm {
  let whole: string;
  try {
    whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InstarError("EDIT_REFUSED", `${path} is not UTF-8 text, so no value can be set in it`, { cause, facts: { path } });
  }
  const text = whole.startsWith(MARK) ? whole.slice(1) : whole;
  return { text, hasMark: whole.startsWith(MARK), lineEnd: text.includes("\r\n") ? "\r\n" : "\n" };
}

export const renderTextForm = (text: string, { hasMark }: Pick<TextForm, "hasMark">): Buffer => Buffer.from(hasMark ? MARK + text : text);
