/** A name from the tree in a sentence: on one line, and short. */
export function quote(name: string): string {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 79)}…` : name);
  return /^"[\w./@:*$-]+"$/.test(shown) ? shown.slice(1, -1) : shown;
}
