export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface XmlReader {
  readonly begin: (element: XmlElement) => void;
  readonly end: (name: string) => void;
}

const MOST_DEPTH = 64;
const MOST_ELEMENTS = 2_000_000;

/**
 * Reads the elements and attributes of an XML text, in one pass and in a time that grows with its length alone. Nothing is declared, and there
 * are no entities but the five of XML and character numbers, so that nothing in it can grow. Text between elements is passed over.
 *
 * @returns why it is not read; undefined where it was read to its end
 */
export function readXml(text: string, reader: XmlReader): string | undefined {
  const open: string[] = [];
  let elements = 0;
  let at = 0;
  while (true) {
    const start = text.indexOf("<", at);
    if (start === -1) break;
    const aside = skipAside(text, start);
    if (typeof aside === "string") return aside;
    if (aside !== undefined) {
      at = aside;
      continue;
    }
    const stop = findTagEnd(text, start + 1);
    if (stop === -1) return "it ends in the middle of an element";
    at = stop + 1;
    if (text[start + 1] === "/") {
      const name = text.slice(start + 2, stop).trim();
      if (open.pop() !== name) return `the element ${quote(name)} is closed where it is not open`;
      reader.end(name);
      continue;
    }
    const isEmpty = text[stop - 1] === "/";
    const element = parseTag(text.slice(start + 1, isEmpty ? stop - 1 : stop));
    if (element === undefined) return "an element is not written as XML is";
    elements += 1;
    if (elements > MOST_ELEMENTS) return `it has more than ${MOST_ELEMENTS} elements`;
    reader.begin(element);
    if (isEmpty) reader.end(element.name);
    else if (open.push(element.name) > MOST_DEPTH) return `its elements are nested more than ${MOST_DEPTH} deep`;
  }
  if (elements === 0) return "it holds no element";
  return open.length === 0 ? undefined : `the element ${quote(open.at(-1) ?? "")} is never closed: it was cut off`;
}

/** Where a comment, an instruction or a piece of raw text ends; a text where it must not stand; undefined where an element begins. */
function skipAside(text: string, start: number): number | string | undefined {
  for (const [begin, end] of [
    ["<!--", "-->"],
    ["<![CDATA[", "]]>"],
    ["<?", "?>"],
  ] as const)
    if (text.startsWith(begin, start)) {
      const found = text.indexOf(end, start + begin.length);
      return found === -1 ? "it ends in the middle of a comment or a piece of text" : found + end.length;
    }
  if (!text.startsWith("<!", start)) return undefined;
  // A document type that only names where it is described is passed over; one that declares anything could make a text grow.
  const stop = text.indexOf(">", start);
  const isPlain = stop !== -1 && /^<!DOCTYPE\s+[^[<>]{1,500}>$/.test(text.slice(start, Math.min(stop + 1, start + 600)));
  return isPlain ? stop + 1 : "it declares what its own document type is, which is not read";
}

/** A `>` in quotes belongs to an attribute. */
function findTagEnd(text: string, from: number): number {
  let at = from;
  while (true) {
    const stop = indexOfAny(text, at);
    if (stop === -1 || text[stop] === ">") return stop;
    const close = text.indexOf(text[stop] ?? "", stop + 1);
    if (close === -1) return -1;
    at = close + 1;
  }
}

function indexOfAny(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x3e || code === 0x22 || code === 0x27) return at;
  }
  return -1;
}

function parseTag(tag: string): XmlElement | undefined {
  const name = /^[A-Za-z_][\w:.-]*/.exec(tag)?.[0];
  if (name === undefined) return undefined;
  const attributes = new Map<string, string>();
  const pattern = /\s+([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
  pattern.lastIndex = name.length;
  let stop = name.length;
  for (let found = pattern.exec(tag); found !== null; found = pattern.exec(tag)) {
    attributes.set(found[1] ?? "", unescapeXml(found[2] ?? found[3] ?? ""));
    stop = pattern.lastIndex;
  }
  return tag.slice(stop).trim() === "" ? { name, attributes } : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number.parseInt(decimal, 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const quote = (name: string) => JSON.stringify(name.slice(0, 80));
