import type { SecurityRule } from "./rules.ts";

/** Longer texts are looked at by their beginning: they are data. */
const LOOKED_AT = 20_000;

/**
 * What a text in a program, put together as far as that can be told, gives away by its content alone. Prose that mentions a path is no path:
 * places are looked for in texts without blanks, and in shell commands.
 */
export function judgeString(value: string): SecurityRule[] {
  const text = value.length > LOOKED_AT ? value.slice(0, LOOKED_AT) : value;
  const rules: SecurityRule[] = [];
  if (DOWNLOAD_AND_RUN.some((pattern) => pattern.test(text))) rules.push("download-and-run");
  if (isPlace(text)) {
    if (PRIVATE.some((pattern) => pattern.test(text))) rules.push("private-file");
    if (STARTUP.some((pattern) => pattern.test(text))) rules.push("startup-file");
  }
  if (METADATA.test(text)) rules.push("metadata-service");
  else if (hasPublicAddress(text)) rules.push("address");
  if (DROP_SITES.test(text)) rules.push("drop-site");
  return rules;
}

const DOWNLOAD_AND_RUN: readonly RegExp[] = [
  /\b(?:curl|wget|fetch)\b[^|\n]{1,500}\|\s{0,5}(?:sudo\s{1,5})?(?:env\s{1,5})?(?:ba|z|da|k)?sh\b/i,
  /\b(?:curl|wget)\b[^|\n]{1,500}\|\s{0,5}(?:sudo\s{1,5})?(?:node|python3?|perl|ruby)\b/i,
  /\b(?:ba|z|da)?sh\s{1,5}(?:-c\s{1,5})?["']?(?:<\(|\$\(|`)\s{0,5}(?:curl|wget)\b/i,
  /\b(?:base64\s{1,5}(?:-d|--decode|-D))[^|\n]{0,300}\|\s{0,5}(?:ba|z|da)?sh\b/i,
  /\b(?:curl|wget)\b[^\n]{1,500}(?:&&|;)[^\n]{0,200}\bchmod\b[^\n]{0,200}\+x/i,
  /\bpowershell(?:\.exe)?\b[^\n]{0,200}-(?:enc|encodedcommand|e)\s/i,
  /\/dev\/tcp\/[^\s/]{1,200}\/\d/,
  /\bnc(?:at)?\b[^\n]{0,200}\s-e\s/,
];

const isPlace = (text: string) => text.length <= 1_000 && (!/\s/.test(text.trim()) || COMMAND.test(text) || /Login Data$|Application Support\//.test(text));
const COMMAND =
  /^\s{0,5}(?:sudo|cat|cp|mv|tar|zip|scp|rsync|curl|wget|echo|printf|tee|sed|rm|chmod|crontab|systemctl|launchctl|security|schtasks|reg|bash|sh|ln|find|grep)\s/;

const PRIVATE: readonly RegExp[] = [
  /(?:^|[/\\~])\.(?:ssh|aws|gnupg|kube|azure|docker)(?:[/\\]|$)/i,
  /(?:^|[/\\~])\.(?:netrc|pgpass|git-credentials|npmrc|pypirc|bash_history|zsh_history|node_repl_history)$/i,
  /(?:^|[/\\])id_(?:rsa|dsa|ecdsa|ed25519)$/,
  /\/etc\/(?:passwd|shadow|gshadow|sudoers)(?:\b|$)/,
  /\/proc\/(?:self|\d{1,9}|\*)\/(?:environ|mem|maps|cmdline)\b/,
  /(?:Library\/)?Keychains(?:\/|$)|login\.keychain|find-generic-password/i,
  /(?:^|[/\\])(?:wallet\.dat|keystore\.json|Login Data|cookies\.sqlite|logins\.json|key4\.db)$/i,
  /nkbihfbeogaeaehlefnkodbefgpgknn|\.(?:electrum|exodus|bitcoin|ethereum|solana)(?:[/\\]|$)/i,
  /gcloud[/\\](?:application_default_)?credentials/i,
  /\/var\/run\/(?:docker\.sock|secrets\/)|\/run\/docker\.sock/,
];

const STARTUP: readonly RegExp[] = [
  /(?:^|[/\\~])\.(?:bashrc|bash_profile|bash_login|bash_aliases|profile|zshrc|zshenv|zprofile|zlogin|xinitrc|xprofile)$/i,
  /\.(?:bashrc|bash_profile|profile|zshrc|zshenv)["']?$/i,
  /(?:^|\s)crontab\b|\/etc\/(?:cron|anacron)|\/var\/spool\/cron/,
  /\/etc\/(?:systemd|init\.d|rc\.local|profile|ld\.so\.preload|environment)\b|systemd\/(?:user|system)(?:[/\\]|$)|systemctl\s{1,5}(?:--user\s{1,5})?enable/,
  /Library\/Launch(?:Agents|Daemons)/,
  /\.git[/\\]hooks(?:[/\\]|$)|core\.hooksPath/,
  /(?:^|[/\\])authorized_keys2?$/,
  /\.config[/\\]autostart|CurrentVersion\\Run\b|Start Menu\\Programs\\Startup/i,
];

const METADATA = /(?:^|[^\d.])169\.254\.(?:169\.254|170\.2)(?:$|[^\d])|metadata\.google\.internal|\[?fd00:ec2::254/i;

const DROP_SITES =
  /(?:^|[/@.\s"'])(?:pastebin\.com|paste\.ee|hastebin\.com|ghostbin\.\w{2,10}|rentry\.co|transfer\.sh|file\.io|0x0\.st|webhook\.site|requestbin\.\w{2,10}|[\w-]{1,60}\.m\.pipedream\.net|[\w-]{1,60}\.ngrok(?:-free)?\.(?:io|app|dev)|[\w-]{1,60}\.burpcollaborator\.net|[\w-]{1,60}\.oast\.\w{2,10}|interact\.sh|[\w-]{1,60}\.onion|api\.telegram\.org\/bot|discord(?:app)?\.com\/api\/webhooks)(?:$|[/:?\s"'\d])/i;

const ADDRESS = /(?:^|[^\d.\w])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?=$|[^\d.\w])/g;

/** An address of somebody else: not of this machine, a private net, or the ones that are kept for examples (RFC 1918, 5737, 6890). */
function hasPublicAddress(text: string): boolean {
  if (!/^(?:[a-z][a-z0-9+.-]{1,20}:\/\/[^\s]*|[\d.]{7,15}(?::\d{1,5})?)$/i.test(text.trim()) && !COMMAND.test(text)) return false;
  for (const [, ...parts] of text.matchAll(ADDRESS)) {
    const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
    if ([a, b, c, d].some((part) => part > 255) || a === 0 || a === 127 || a === 10 || a >= 224) continue;
    if ((a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128)) continue;
    if ((a === 192 && b === 0) || (a === 198 && (b === 51 || b === 18 || b === 19)) || (a === 203 && b === 0 && c === 113)) continue;
    if (WELL_KNOWN.has(`${a}.${b}.${c}.${d}`)) continue;
    return true;
  }
  return false;
}

/** Public resolvers, and what is far more often a version. */
const WELL_KNOWN: ReadonlySet<string> = new Set(["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4", "1.0.0.0", "2.0.0.0"]);
