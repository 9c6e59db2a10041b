import type { Resolved } from "./lockfile.ts";

/** What is known of a package of a registry that the file does not name. */
export const SOME_REGISTRY: Resolved = { protocol: "registry", host: null, at: null, isEncrypted: true };
export const UNKNOWN_PLACE: Resolved = { protocol: "unknown", host: null, at: null, isEncrypted: false };

/** Where an address leads. One that does not look like a registry's is not taken for one. */
export function describeResolved(name: string, address: string): Resolved {
  if (/^(?:link|portal|workspace):/i.test(address)) return local("link", address);
  if (/^(?:file:|\.{0,2}\/|~\/|[a-z]:[\\/])/i.test(address)) return local("file", address);
  const shorthand = /^(github|gitlab|bitbucket|gist):/i.exec(address)?.[1]?.toLowerCase();
  if (shorthand !== undefined) return { protocol: "git", host: SHORTHANDS[shorthand] ?? null, at: address, isEncrypted: true };
  const scp = /^(?:git\+ssh:\/\/)?[\w.-]{1,100}@([\w.-]{1,255}):(?!\d{1,5}\/)/.exec(address);
  if (scp !== null) return { protocol: "git", host: scp[1]?.toLowerCase() ?? null, at: address.replace(/^[^@]{0,120}@/, ""), isEncrypted: true };
  const url = URL.parse(address.replace(/^git\+/i, ""));
  return url === null ? { ...UNKNOWN_PLACE, at: address } : describeUrl(name, url, /^git\+/i.test(address));
}

const SHORTHANDS: Readonly<Record<string, string>> = { github: "github.com", gitlab: "gitlab.com", bitbucket: "bitbucket.org", gist: "gist.github.com" };

function describeUrl(name: string, url: URL, saysGit: boolean): Resolved {
  url.username = "";
  url.password = "";
  const seen = { host: url.host.toLowerCase() || null, at: url.href, isEncrypted: /^(?:https|ssh):$/.test(url.protocol) };
  const isGit = saysGit || /^(?:git|ssh):$/.test(url.protocol) || url.pathname.endsWith(".git") || url.hash.startsWith("#commit=") || isGitHost(url);
  if (isGit) return { protocol: "git", ...seen };
  if (!/^https?:$/.test(url.protocol)) return { ...UNKNOWN_PLACE, ...seen };
  return { protocol: isOfRegistry(name, url) ? "registry" : "http", ...seen };
}

/** These serve whatever anybody pushes; an archive of theirs is a commit, not a publication. */
function isGitHost({ host }: URL): boolean {
  return /^(?:codeload\.|www\.)?(?:github|gitlab)\.com$|^bitbucket\.org$/i.test(host);
}

/** Registries serve `<name>/-/<file>.tgz`; GitHub's has an address of its own shape. */
function isOfRegistry(name: string, { host, pathname }: URL): boolean {
  const path = pathname.replace(/%2f/gi, "/").replace(/%40/g, "@").toLowerCase();
  if (host === "npm.pkg.github.com") return path.startsWith(`/download/${name.toLowerCase()}/`);
  return path.includes(`/${name.toLowerCase()}/-/`) && path.endsWith(".tgz");
}

function local(protocol: "file" | "link", at: string): Resolved {
  return { protocol, host: null, at, isEncrypted: true };
}
