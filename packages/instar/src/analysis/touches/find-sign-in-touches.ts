import { type ChangedFile, type ChangedLine, onlyIn } from "./changed-file.ts";
import { isDocumentPath } from "./is-document-path.ts";
import { isTestPath } from "./is-test-path.ts";
import { quote } from "./quote.ts";
import type { Guard } from "./source/source.ts";
import { byContent, type Finding, nameTouch, weakening } from "./touch-finder.ts";

const WORDS =
  "auth|authn|authz|authentication|authorization|authorisation|login|logout|signin|signup|session|sessions|oauth2?|oidc|saml|sso|jwt|jwks|password|passwords|passwd|token|tokens|credential|credentials|permission|permissions|acl|rbac|csrf|xsrf|cors|mfa|2fa|totp|passkey|webauthn|secrets?";
const PATHS = new RegExp(`(^|[/._-])(${WORDS})([/._-]|$)`, "i");
const MODULES =
  /^(passport([-/].*)?|jsonwebtoken|express-jwt|jose|bcrypt(js)?|argon2|scrypt[\w-]*|next-auth(\/.*)?|@auth\/.*|better-auth(\/.*)?|lucia|@clerk\/.*|@simplewebauthn\/.*|openid-client|oidc-provider|express-session|cookie-session|csurf|csrf[\w-]*|cors|@fastify\/(jwt|auth|cors|session|csrf-protection|oauth2)|hono\/(jwt|basic-auth|bearer-auth|cors|csrf)|speakeasy|otplib|keycloak[\w-]*|grant|helmet|flask_login|flask_jwt_extended|jwt|authlib[\w.]*|passlib[\w.]*|django\.contrib\.auth[\w.]*|fastapi\.security[\w.]*|oauthlib[\w.]*|itsdangerous[\w.]*)$/;
/** Words of sign-in inside a name, `currentSession` and `verify_token`; not `author` or `tokenize`. */
const NAMES =
  /\b(?:authenticat\w{0,20}|authori[sz]\w{0,20}|\w{0,40}(?:Auth|Login|Session|Password|Permission|Csrf|Jwt|OAuth|Credentials?|Cors|AccessToken|RefreshToken|ApiKey)(?![a-z])\w{0,40}|(?:auth|login|session|password|passwd|permissions?|csrf|jwt|oauth2?|credentials?|acl|cors|api_?key|access_?token|refresh_?token|bearer)(?:_\w{1,40}|[A-Z]\w{0,40})?|\w{1,40}_(?:auth|login|session|password|permissions?|csrf|jwt|token|credentials?|api_key))\b/;

const UNSAFE: readonly (readonly [RegExp, string])[] = [
  [/\brejectUnauthorized["']? ?: ?(false|0)\b|\bcheckServerIdentity["']? ?: ?\(?\w{0,20}\)? ?=>/, "certificates are no longer checked"],
  [
    /\bverify ?= ?False\b|\bCERT_NONE\b|\bcheck_hostname ?= ?False|_create_unverified_context|\bInsecureSkipVerify: ?true|\b(curl|wget)\b.{0,200} (-k|--insecure|--no-check-certificate)\b|strict-ssl["']? ?[:=] ?["']?false/,
    "certificates are no longer checked",
  ],
  [/\bNODE_TLS_REJECT_UNAUTHORIZED\b|\bPYTHONHTTPSVERIFY\b|\bGIT_SSL_NO_VERIFY\b/, "the checking of certificates is reached for"],
  [
    /access-control-allow-origin["']?\]? ?[,:=] ?["'`]\*|\borigin["']? ?: ?(true\b|["'`]\*["'`])|\ballow_origins ?= ?\[ ?["']\*|CORS_ALLOW_ALL_ORIGINS ?= ?True|\bcors\(\)/i,
    "any origin may call it",
  ],
  [
    /\bignoreExpiration["']? ?: ?true|["']none["'] ?\]|\balgorithms?["']? ?[:=] ?\[? ?["']none["']|verify_signature["']? ?: ?False|\bjwt\.decode\(|\bcsrf["']? ?: ?false|@csrf_exempt|\bcsrf_exempt\b/i,
    "a token is taken without its check",
  ],
  [/\b(httpOnly|secure)["']? ?: ?false|\bSESSION_COOKIE_(SECURE|HTTPONLY) ?= ?False/i, "a cookie is less protected"],
  [
    /\b(isAuthenticated|isAdmin|isAuthorized|hasPermission|authorized|authenticated|is_authenticated|is_admin|allowed)\b ?[:=]?=? ?(\(\) ?=> ?)?(true|True)\b/,
    "a check always says yes",
  ],
];

/** Who may do what: by the path, by what is imported and named on the changed lines, by the guards that came and went. */
export function findSignInTouches(file: ChangedFile): readonly Finding[] {
  if (file.paths.every(isDocumentPath)) return [];
  const named = file.paths.some((path) => PATHS.test(path)) ? [nameTouch(file, "sign-in, by its name", true)] : [];
  if (!file.isRead) return named;
  const unsafe = file.paths.every(isTestPath) ? [] : findUnsafe(file);
  return [...named, ...unsafe, ...compareGuards(file), ...findWords(file)];
}

function findUnsafe({ added, removed }: ChangedFile): Finding[] {
  // The value may be a string, `"*"`: the line as it is written, unless all of it is a comment.
  return UNSAFE.flatMap(([pattern, says]) => {
    const is = (line: ChangedLine) => pattern.test(line.values) && !isOnlySaid(line, pattern);
    const found = added.filter(is);
    return found.length > removed.filter(is).length ? found.slice(0, 1).map(({ line }) => weakening(line, says)) : [];
  });
}

/** What stands in a comment or all inside of a string is told, not done. The name of a header and the name of a variable are strings themselves. */
function isOnlySaid({ text, code }: ChangedLine, pattern: RegExp): boolean {
  if (code === text || pattern.test(code)) return false;
  const [call] = code.split(/["'` ]/);
  const isBare = /^[\w.]*\(? ?\)?[;,]?$/.test(code.replace(/["'`]/g, ""));
  return isBare && /^(console|log|logger|print|throw|expect|assert)/.test(call ?? "");
}

function compareGuards({ before, after, removed, edit }: ChangedFile): Finding[] {
  const keyOf = (guard: { readonly text: string }) => ("route" in guard ? `${String(guard.route)}\n${guard.text}` : guard.text);
  const lost = onlyIn<Guard>(before.guards, after.guards, keyOf);
  if (edit.status === "deleted") return lost.slice(0, 20).map(say);
  if (before.unparsed === null && after.unparsed === null && before.language !== "other") return lost.map(say);
  return removed
    .filter(({ code }) =>
      /\b(require|ensure|check|verify)_?(Auth|Login|Permission|Token|Session|Admin|User)\w{0,40}|\bauthenticate\w{0,20}\(|\bauthori[sz]e\w{0,20}\(/i.test(code),
    )
    .map(({ line }) => weakening(line, "a line that checks who asks is gone"));
}

const say = ({ text, route, line }: Guard): Finding => weakening(line, `the guard ${quote(text)}${route === "" ? "" : ` of ${quote(route)}`} is gone`);

function findWords({ added, removed, before, after }: ChangedFile): Finding[] {
  const modules = [...onlyIn(after.imports, before.imports), ...onlyIn(before.imports, after.imports)].filter(({ text }) => MODULES.test(text));
  const lines = [...added, ...removed].flatMap(({ code, line }) => {
    const found = code.slice(0, 20_000).match(NAMES)?.[0];
    return found === undefined ? [] : [{ text: found, line }];
  });
  const [first] = [...modules, ...lines];
  return first === undefined ? [] : [byContent(first.line, `a changed line deals with sign-in: ${quote(first.text)}`)];
}
