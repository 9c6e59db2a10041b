/** JSON as RFC 8785 has it: the ledger hashes this form of an entry. @throws TypeError where there is none: half a letter, or no number */
export function renderCanonical(value: unknown): string {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("half a letter has no canonical form");
    return JSON.stringify(value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError("what is no number has no canonical form");
  if (typeof value !== "object" || value === null) return `${value}`;
  if (Array.isArray(value)) return `[${value.map(renderCanonical).join(",")}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${renderCanonical(key)}:${renderCanonical(member)}`);
  return `{${members.join(",")}}`;
}
