/**
 * The keys of an RFC 6901 pointer; undefined where it is none, or names the whole document.
 * §4: first ~1, then ~0, so that ~01 is the key "~1".
 */
export function parsePointer(pointer: string): readonly string[] | undefined {
  if (!/^(\/([^~]|~[01])*)+$/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}
