/** The one-time code of an address that `instar console` printed, and the address without it: a code must not stay in a history. */
export function takeCode(address: string): { readonly code: string | null; readonly rest: string } {
  const url = new URL(address);
  const fragment = new URLSearchParams(url.hash.replace(/^#/, ""));
  const code = fragment.get("code");
  if (code === null) return { code: null, rest: `${url.pathname}${url.search}${url.hash}` };
  fragment.delete("code");
  const left = fragment.toString();
  return { code: code === "" ? null : code, rest: `${url.pathname}${url.search}${left === "" ? "" : `#${left}`}` };
}
