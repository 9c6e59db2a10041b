export type Hop = { readonly kind: "ask"; readonly sendsToken: boolean } | { readonly kind: "refused"; readonly because: string };

/**
 * Whether an address that somebody else named is asked. Pure. The configured origin may be plain http, because a person wrote it down; every other one must
 * be https. The token is for the configured origin alone: scheme, host and port.
 */
export function planHop(address: URL, configured: URL): Hop {
  if (address.username !== "" || address.password !== "") return { kind: "refused", because: "it holds a password" };
  if (address.origin === configured.origin) return { kind: "ask", sendsToken: true };
  if (address.protocol !== "https:") return { kind: "refused", because: "another host is asked over https only" };
  return { kind: "ask", sendsToken: false };
}
