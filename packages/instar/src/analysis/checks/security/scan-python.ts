import type { PythonTree } from "../../parse-python.ts";
import { judgeString } from "./judge-string.ts";
import type { Hit, SecurityRule } from "./rules.ts";
import { isHomoglyphName } from "./scan-text.ts";

/** The same for Python, as far as its words go: calls by the names that imports gave them, and texts. Values are not followed. */
export function scanPython(tree: PythonTree, text: string): Hit[] {
  const hits: Hit[] = [];
  const names = readImports(tree, text);
  const say = (rule: SecurityRule, { from, to }: { from: number; to: number }, detail?: string) => {
    hits.push({ rule, start: from, end: to, ...(detail === undefined ? {} : { detail }) });
  };
  tree.iterate({
    enter: ({ name, node }) => {
      if (name === "CallExpression") judgePythonCall(node, text, names, say);
      else if (name === "VariableName" && isHomoglyphName(text.slice(node.from, node.to))) say("homoglyph-name", node);
      else if (name === "PropertyName" && INSIDES.test(text.slice(node.from, node.to))) say("process-internals", node, text.slice(node.from, node.to));
      else if (name === "ImportStatement") judgePythonImport(node, text, say);
      else if (name === "String" || name === "FormatString") {
        for (const rule of judgeString(contentOf(text.slice(node.from, node.to)))) say(rule, node);
        if (name === "FormatString" && SQL.test(contentOf(text.slice(node.from, node.to))) && node.getChild("FormatReplacement") !== null)
          say("sql-text", node);
      } else if (
        name === "AssignStatement" &&
        /\b(?:verify_mode\s*=\s*ssl\.CERT_NONE|check_hostname\s*=\s*False)/.test(text.slice(node.from, Math.min(node.to, node.from + 300)))
      )
        say("tls-off", node);
    },
  });
  return hits;
}

type PythonNode = PythonTree["topNode"];
type Say = (rule: SecurityRule, at: { from: number; to: number }, detail?: string) => void;

const INSIDES = /^__(?:subclasses|globals|builtins|code|bases|mro|reduce|import)__$/;
const SQL = /^\s{0,20}(?:SELECT\b[\s\S]{1,2000}\bFROM\b|INSERT\s+INTO\b|UPDATE\b[\s\S]{1,500}\bSET\b|DELETE\s+FROM\b)/i;

function judgePythonImport(node: PythonNode, text: string, say: Say): void {
  const statement = text.slice(node.from, Math.min(node.to, node.from + 500));
  if (/^(?:from|import)\s[^#]{0,300}\b(?:ctypes|cffi)\b/.test(statement)) say("native-code", node);
  if (/^(?:from|import)\s{1,5}(?:pty|code|codeop)\b/.test(statement)) say("process-internals", node);
}

/** What a name stands for: `import os as o` makes `o` `os`, `from os import system as s` makes `s` `os.system`. */
function readImports(tree: PythonTree, text: string): Map<string, string> {
  const names = new Map<string, string>();
  tree.iterate({
    enter: ({ name, node }) => {
      if (name !== "ImportStatement") return;
      const statement = text
        .slice(node.from, Math.min(node.to, node.from + 5_000))
        .replace(/[\s()\\]+/g, " ")
        .trim();
      const from = /^from ([\w.]+) import (.*)$/.exec(statement);
      for (const part of (from?.[2] ?? statement.replace(/^import /, "")).split(",")) {
        const [real = "", alias] = part.trim().split(" as ");
        if (from === null) names.set((alias ?? real.split(".", 1)[0] ?? real).trim(), (alias === undefined ? (real.split(".", 1)[0] ?? real) : real).trim());
        else names.set((alias ?? real).trim(), `${from[1]}.${real.trim()}`);
      }
    },
  });
  return names;
}

const LONGEST_CALLEE = 200;

function judgePythonCall(node: PythonNode, text: string, names: ReadonlyMap<string, string>, say: Say): void {
  const callee = node.firstChild;
  const list = node.getChild("ArgList");
  if (callee === null || list === null) return;
  const written = text.slice(callee.from, Math.min(callee.to, callee.from + LONGEST_CALLEE)).replace(/\s+/g, "");
  const [root = "", ...rest] = written.split(".");
  const name = [names.get(root) ?? root, ...rest].join(".").replace(/^(?:builtins|__builtins__)\./, "");
  const args = text.slice(list.from, list.to);
  const isPlain = list.firstChild?.nextSibling?.name === "String";
  const option = (pattern: RegExp) => pattern.test(args.slice(0, 5_000));
  if (/^(?:eval|exec|compile|execfile)$/.test(name)) say("eval", node);
  else if (name === "__import__" || name === "importlib.import_module") {
    if (!isPlain) say("dynamic-require", node);
  } else if (/^(?:os\.(?:system|popen|exec\w*|spawn\w*|posix_spawn)|commands\.getoutput|pty\.spawn|popen2\.\w+)$/.test(name)) {
    if (!isPlain || list.lastChild?.prevSibling?.name !== "String") say("command", node, name);
  } else if (/^(?:subprocess\.\w+|asyncio\.create_subprocess_shell)$/.test(name)) {
    if (option(/\bshell\s*=\s*(?!False\b)/) || name.endsWith("_shell") || name === "subprocess.getoutput" || name === "subprocess.getstatusoutput")
      say("shell", node, name);
    else if (!isPlain && !/^\(\s*\[\s*(?:["']|sys\.executable)/.test(args)) say("command", node, name);
  } else if (/^(?:c?[pP]ickle|dill|cloudpickle|marshal|shelve|jsonpickle|joblib)\.(?:loads?|Unpickler|open|decode)$|^torch\.load$/.test(name)) {
    if (!(name === "torch.load" && option(/weights_only\s*=\s*True/))) say("deserialise", node, name);
  } else if (/^yaml\.(?:load|load_all|unsafe_load|full_load)$/.test(name)) {
    if (!option(/Safe?Loader|CSafeLoader/)) say("deserialise", node, name);
  } else if (/^ctypes\b|^cffi\b/.test(name)) say("native-code", node, name);
  else if (name === "getattr" && !isLiteralSecond(list)) {
    if (/^\(\s*(?:os|sys|subprocess|builtins|__builtins__|importlib|ctypes)\b/.test(args)) say("computed-access", node);
  } else if (/^(?:ssl\._create_unverified_context|ssl\._create_default_https_context)$/.test(name)) say("tls-off", node, name);
  else if (/^hashlib\.(?:md5|sha1)$/.test(name)) say(/pass|secret|token/i.test(args.slice(0, 500)) ? "weak-crypto" : "old-hash", node, name);
  else if (/^(?:json\.dumps|print|requests\.\w+|str|dict|repr)$/.test(name) && option(/\bos\.environ\b(?!\s*[.[])/))
    say(name === "dict" ? "environment-whole" : "environment-sent", node, name);
  if (option(/\bverify\s*=\s*False\b|\bcert_reqs\s*=\s*(?:["']CERT_NONE|ssl\.CERT_NONE)/)) say("tls-off", node);
  if (/^(?:globals|locals|vars|__builtins__)\(?\)?\[/.test(written)) say("computed-access", node);
  if (/\.(?:execute|executemany|executescript)$/.test(name) && /^\(\s*(?:["'][^"']{0,500}["']\s*(?:%|\+)|["'][^"']{0,500}["']\.format)/.test(args))
    say("sql-text", node);
  if (/\.b64decode$|^codecs\.decode$/.test(name) && args.length > 220 && isPlain) say("encoded-payload", node);
}

function isLiteralSecond(list: PythonNode): boolean {
  const second = list.getChildren(",")[0]?.nextSibling;
  return second?.name === "String";
}

function contentOf(literal: string): string {
  const text = literal.replace(/^[A-Za-z]{0,3}(?:"""|'''|["'])/, "");
  return text.replace(/(?:"""|'''|["'])$/, "");
}
