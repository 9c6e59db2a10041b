import { createHash } from "node:crypto";

/** What a page of the console shows: the header that only it can send, and the cookie that its browser adds. */
export interface SessionPapers {
  readonly id: string;
  readonly cookie: string;
  readonly secret: string;
}

export const SECRET_HEADER = "x-instar-session";
/** Node takes no head longer than 16 KiB, and an agent beside us perhaps less: so many cookies of ours are the most that a browser is left with. */
const MOST_COOKIES = 20;

/**
 * A cookie for each session, since a browser has the console open in several windows, and of several instances: cookies know no ports.
 * `tag` tells whose they are.
 */
export const tagOf = (dataFolder: string | null) =>
  createHash("sha256")
    .update(dataFolder ?? "")
    .digest("hex")
    .slice(0, 8);

const nameOf = (tag: string, id: string) => `instar_console_${tag}_${id}`;

/** HttpOnly: no script reads it. Strict: no page of elsewhere makes a browser send it. Not Secure: this is loopback, where some browsers would drop it. */
export const renderCookie = (tag: string, { id, cookie }: Pick<SessionPapers, "id" | "cookie">, seconds: number) =>
  `${nameOf(tag, id)}=${cookie}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;

export const renderCookieEnd = (name: string) => `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`;

export const renderSecret = ({ id, secret }: Pick<SessionPapers, "id" | "secret">) => `${id}.${secret}`;

/** Null where no secret was sent: a cookie alone says nothing, every port of this host gets it. */
export function readPapers(tag: string, secretHeader: string | undefined, cookieHeader: string | undefined): SessionPapers | null {
  if (secretHeader === undefined || secretHeader === "") return null;
  const [id = "", secret = ""] = secretHeader.split(".", 2);
  return { id, secret, cookie: parseCookies(cookieHeader).get(nameOf(tag, id)) ?? "" };
}

/** The oldest of this instance's cookies that a browser has too many of, by their names. A browser sends the older one first. */
export function planCookieEnds(tag: string, cookieHeader: string | undefined): string[] {
  const own = [...parseCookies(cookieHeader).keys()].filter((name) => name.startsWith(nameOf(tag, "")) && /^[a-z0-9_]+$/.test(name));
  return own.slice(0, Math.max(0, own.length - MOST_COOKIES + 1));
}

/** Of two with one name the last counts: a browser sends the one with the longer path first, and ours is at the root. */
function parseCookies(header = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of header.split(";")) {
    const [name = "", ...value] = pair.trim().split("=");
    found.set(name, value.join("="));
  }
  return found;
}
