import { type ChangedFile, type ChangedLine, onlyIn } from "./changed-file.ts";
import { isDocumentPath } from "./is-document-path.ts";
import { isTestPath } from "./is-test-path.ts";
import { quote } from "./quote.ts";
import { byContent, byName, type Finding, nameTouch, weakening } from "./touch-finder.ts";

const PATHS =
  /(^|\/)(manifest\.json|androidmanifest\.xml|[\w.-]+\.entitlements|info\.plist|tauri\.conf\.json|capabilities\/[^/]+\.json|snapcraft\.yaml|[\w.-]+\.apparmor|seccomp[\w.-]*\.json|sudoers[\w.-]*|sandbox[\w.-]*\.(json|ya?ml|toml)|permissions?\.(json|ya?ml|toml))$/i;
const NATIVE = /\.(node|so|dll|dylib|wasm|exe|jar|pyd|bin|o|a)(\.\d+)*$/i;
const PROGRAM = /\.([cm]?[jt]sx?|py|sh|bash|rb|pl|php|go|rs|java|lua|ps1|bat|cmd|html?|vue|svelte)$|(^|\/)[^./]+$/i;

const POWERS: Readonly<Record<string, string>> = {
  child_process: "start programs",
  cluster: "start programs",
  worker_threads: "start threads",
  vm: "run code from text",
  inspector: "steer a running process",
  "inspector/promises": "steer a running process",
  net: "open connections",
  dgram: "open connections",
  tls: "open connections",
  http: "speak HTTP",
  http2: "speak HTTP",
  https: "speak HTTP",
  dns: "ask for names",
  fs: "read and write files",
  "fs/promises": "read and write files",
  repl: "run code from text",
  module: "change how modules are loaded",
  v8: "reach into the engine",
  execa: "start programs",
  "cross-spawn": "start programs",
  shelljs: "start programs",
  zx: "start programs",
  "node-pty": "start programs",
  "isolated-vm": "run code from text",
  vm2: "run code from text",
  "ffi-napi": "call native code",
  koffi: "call native code",
  undici: "speak HTTP",
  axios: "speak HTTP",
  ws: "open connections",
  ssh2: "open connections",
  puppeteer: "drive a browser",
  playwright: "drive a browser",
  "bun:ffi": "call native code",
  subprocess: "start programs",
  pty: "start programs",
  multiprocessing: "start programs",
  socket: "open connections",
  socketserver: "open connections",
  requests: "speak HTTP",
  httpx: "speak HTTP",
  aiohttp: "speak HTTP",
  "http.server": "speak HTTP",
  "urllib.request": "speak HTTP",
  ctypes: "call native code",
  cffi: "call native code",
  pickle: "run code from data",
  marshal: "run code from data",
  shelve: "run code from data",
  dill: "run code from data",
  importlib: "load modules by name",
  shutil: "read and write files",
  paramiko: "open connections",
  "(computed)": "load modules whose name is worked out",
};
const POWER_OF = new Map(Object.entries(POWERS));

const CALLS: readonly (readonly [RegExp, string])[] = [
  [/(^|[^.\w$])eval ?\(|\bnew Function ?\(|[^.\w$]Function ?\(|\(0, ?eval\)|\bglobalThis\.eval\b|\bvm\.run\w{0,20}\(/, "run code from text"],
  [/\bprocess\.(binding|_linkedBinding|dlopen|setuid|setgid|seteuid|setgroups)\b/, "reach below Node"],
  [/\b(exec|execSync|execFile|execFileSync|spawn|spawnSync|fork)\(/, "start programs"],
  [
    /\bos\.(system|popen|exec[lv]p?e?|spawn[lv]p?e?|fork|setuid|setgid|chmod|chown)\(|(^|[^.\w])(exec|compile|__import__)\(|\bpickle\.loads?\(|\byaml\.(load|unsafe_load)\(|\bshell ?= ?True\b/,
    "start programs, or run code from data",
  ],
  [/\b(createServer|createSecureServer|createSocket)\(|\.listen\(/, "listen for others"],
  [
    /\b(rm|rmSync|rmdir|unlink|unlinkSync|chmod|chmodSync|chown|symlink|writeFile|writeFileSync|appendFile|createWriteStream|rmtree)\(/,
    "write or remove files",
  ],
];
const SETTINGS: readonly (readonly [RegExp, string, RegExp])[] = [
  [
    /^USER (root|0)\b|\bprivileged["']? ?: ?true|--privileged\b|\bcap_add\b|--cap-add|\bSYS_ADMIN\b|\ballowPrivilegeEscalation: ?true|\brunAsUser: ?0\b|\bhostNetwork: ?true|\bnetwork_mode["']?: ?["']?host|\bseccomp[:=]unconfined|\/var\/run\/docker\.sock|\bpid: ?["']?host/,
    "it runs with more power over the machine",
    /(dockerfile|containerfile|compose|\.ya?ml$|\.json$|\.sh$|\.tf$|^k8s\/)/i,
  ],
  [
    /\bpermissions ?: ?["']?write-all|^["']?(contents|packages|actions|id-token|deployments|pull-requests|issues|checks|statuses|security-events|attestations|pages)["']? ?: ?["']?write/,
    "a workflow may write more",
    /\.ya?ml$/i,
  ],
  [
    /(^|[\s;&|"'`(])sudo |\bsetuid\b|\bchmod (-R )?([ugo]*a?\+[rwx]*[sx]|[0-7]?777|[4267][0-7]{3})\b|^User ?= ?root\b|\bNOPASSWD\b/,
    "it acts as another user, or lets everyone",
    /./,
  ],
  [
    /["'](<all_urls>|tabs|webRequest|nativeMessaging|cookies|debugger|\*:\/\/\*\/\*|shell:allow[\w:-]*|fs:allow[\w:-]*)["']/,
    "it asks for more of a browser or a desktop",
    /\.json$/i,
  ],
  [
    /--(allow-(all|run|ffi|write|net|env|sys|read|child-process|worker|addons|fs-read|fs-write|wasi)|no-sandbox|disable-web-security|dangerously-skip-permissions|unsafe-perm|inspect(-brk)?)\b|(^|\s)-A(\s|$)/,
    "a program is run with fewer limits",
    /(\.(sh|ya?ml|json|service|toml|[cm]?[jt]s)|file)$/i,
  ],
];

/** Powers over the machine that a change gains: by modes, imports, calls and the settings of what runs it. */
export function findPermissionTouches(file: ChangedFile): readonly Finding[] {
  const { edit } = file;
  if (file.paths.every(isDocumentPath) && file.isRead && !gainsExecution(file)) return [];
  const findings: Finding[] = [];
  if (gainsExecution(file)) findings.push({ ...byName("it may be executed from now on"), by: "content" });
  if ((edit.modeAfter & 0o6000) !== 0 && (edit.modeAfter & 0o170000) === 0o100000 && (edit.modeBefore & 0o6000) === 0)
    findings.push(weakening(null, "it runs as its owner, whoever starts it"));
  if (edit.modeAfter === 0o120000) findings.push(byName("a link: what it leads to was not looked at", edit.status === "type-changed"));
  if (file.paths.some((path) => PATHS.test(path))) findings.push(nameTouch(file, "what it may do, by its name"));
  if (edit.status !== "deleted" && NATIVE.test(edit.path)) findings.push(byName("native code: nobody can read what it does"));
  if (!file.isRead)
    return [
      ...findings,
      ...(edit.status !== "deleted" && PROGRAM.test(edit.path) ? [byName("a program that could not be read: what it may do is not known")] : []),
    ];
  if (file.after.unparsed !== null) findings.push(byContent(null, `${file.after.unparsed}: what it may do is known by its lines alone`));
  if (file.paths.every(isTestPath)) return file.after.language === "other" ? [...findings, ...findSettings(file)] : findings;
  return [...findings, ...findImports(file), ...findCalls(file), ...findSettings(file)];
}

/** A new file that may be executed gains it as well. */
const gainsExecution = ({ edit }: ChangedFile) => (edit.modeAfter & 0o170000) === 0o100000 && (edit.modeAfter & 0o111) !== 0 && (edit.modeBefore & 0o111) === 0;

function findImports({ before, after, added }: ChangedFile): Finding[] {
  const powerOf = (name: string) =>
    POWER_OF.get(name.replace(/^node:/, "")) ?? POWER_OF.get(name.split(".")[0] ?? "") ?? (NATIVE.test(name) ? "call native code" : undefined);
  const fresh =
    after.unparsed === null
      ? onlyIn(after.imports, before.imports, ({ text }) => text.replace(/^node:/, ""))
      : added.flatMap(({ code, line }) =>
          [...code.matchAll(/\b(?:from|import|require\()\s?["']?([\w:@/.-]{1,100})/g)].map(([, text = ""]) => ({ text, line })),
        );
  return fresh.flatMap(({ text, line }) => {
    const power = powerOf(text);
    return power === undefined ? [] : [byContent(line, `it imports ${quote(text)}: it can ${power}`)];
  });
}

function findCalls({ added, removed, after }: ChangedFile): Finding[] {
  if (after.language === "other") return [];
  return CALLS.flatMap(([pattern, power]) => {
    const is = ({ code }: ChangedLine) => pattern.test(code);
    const found = added.filter(is);
    return found.length > removed.filter(is).length ? found.slice(0, 1).map(({ line }) => byContent(line, `a new line can ${power}`)) : [];
  });
}

function findSettings({ added, removed, edit, name }: ChangedFile): Finding[] {
  return SETTINGS.flatMap(([pattern, says, where]) => {
    if (!where.test(name) && !where.test(edit.path)) return [];
    const is = ({ values }: ChangedLine) => pattern.test(values);
    const found = added.filter(is);
    return found.length > removed.filter(is).length ? found.slice(0, 1).map(({ line }) => weakening(line, says)) : [];
  });
}
