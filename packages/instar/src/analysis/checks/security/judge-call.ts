import { childOf, childrenOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { judgeCommand } from "./judge-command.ts";
import { keyOf, moduleOrigin, piecesOf, unwrap } from "./read-names.ts";
import type { Sight } from "./sight.ts";

/** A call, or an import: what is run, loaded, decoded or hashed. */
export function judgeCall(node: SyntaxNode, sight: Sight): void {
  const source = childOf(node, "source") ?? childOf(childOf(node, "moduleReference") ?? node, "expression");
  if (node.type === "ImportExpression") judgeLoad(node, childOf(node, "source"), sight);
  else if (node.type.endsWith("Expression")) judgeRealCall(node, sight);
  else if (source !== undefined && node.importKind !== "type") judgeModule(node, String(source.value), sight);
}

function judgeRealCall(node: SyntaxNode, sight: Sight): void {
  const { say, originOf, textOf } = sight;
  const callee = unwrap(childOf(node, "callee"));
  const origin = originOf(callee) ?? "";
  const args = childrenOf(node, "arguments");
  const [first, second] = args;
  if (origin === "require" || origin === "require.resolve" || origin === "process.getBuiltinModule") judgeLoad(node, first, sight);
  else if (TIMERS.test(origin)) judgeTimer(node, first, sight);
  else if (origin.startsWith("child_process.")) judgeCommand(node, origin.slice("child_process.".length), sight);
  else if (/^vm\.\w/.test(origin)) say("vm", node, origin);
  else if (/^WebAssembly\.(instantiate|compile|Module|instantiateStreaming|compileStreaming)/.test(origin)) say("web-assembly", node);
  else if (origin === "v8.deserialize") say("deserialise", node, origin);
  else if (origin === "atob" || origin === "Buffer.from") judgeDecoding(node, first, sight);
  else if (origin === "Math.random") judgeChance(node, sight);
  else if (origin === "Worker" || origin === "worker_threads.Worker") judgeWorker(node, second, sight);
  else if (/^crypto\.create(Ci|Deci)pher$/.test(origin)) say("weak-crypto", node, origin);
  else if (/^crypto\.create(Ci|Deci)pheriv$/.test(origin)) {
    if (/^(?:des|rc[24]|bf|blowfish|cast)|-ecb$/i.test(textOf(first) ?? "")) say("weak-crypto", node, textOf(first)?.slice(0, 40));
  } else if (/^crypto\.(createHash|hash|createHmac)$/.test(origin) && /^(?:md[245]|sha-?1|ripemd)/i.test(textOf(first) ?? "")) judgeHash(node, sight);
  const key = callee?.type === "MemberExpression" ? keyOf(callee, textOf) : undefined;
  if (key === "unserialize" || origin.endsWith("serialize.unserialize")) say("deserialise", node, "unserialize");
  const html = key === "insertAdjacentHTML" ? second : origin === "document.write" || origin === "document.writeln" ? first : undefined;
  if (html !== undefined && textOf(html) === undefined) say("html-text", node);
}

const TIMERS = /^(?:timers\.)?set(?:Timeout|Interval|Immediate)$|^execScript$/;

/** Packages that exist to call native code, or to reach Node's insides. */
const NATIVE = /^(?:bindings|node-gyp-build|ffi|ffi-napi|ref-napi|koffi|node-ffi-rs|ffi-rs|edge-js|bun:ffi)$|\.node$/;

function judgeModule(node: SyntaxNode, specifier: string, { say }: Sight): void {
  const module = moduleOrigin(specifier) ?? "";
  if (module === "vm") say("vm", node, "node:vm");
  else if (NATIVE.test(module)) say("native-code", node, specifier.slice(0, 100));
  else if (module === "inspector" || module === "inspector/promises" || module === "repl" || module.startsWith("internal/"))
    say("process-internals", node, specifier.slice(0, 100));
  else if (/^(?:data|https?|blob):/i.test(module)) say("dynamic-require", node, "a module is not taken from the tree");
}

function judgeLoad(node: SyntaxNode, source: SyntaxNode | undefined, sight: Sight): void {
  const { say, textOf } = sight;
  if (source === undefined) return;
  const specifier = textOf(source);
  if (specifier !== undefined) {
    const isSpelt =
      source.type === "Literal" || source.type === "Identifier" || (source.type === "TemplateLiteral" && childrenOf(source, "expressions").length === 0);
    if (!isSpelt) say("hidden-name", node, `loads ${JSON.stringify(specifier.slice(0, 60))}`);
    judgeModule(node, specifier, sight);
    return;
  }
  const pieces = source.type === "TemplateLiteral" || source.type === "BinaryExpression" ? piecesOf(source) : [];
  const [head, tail] = [pieces[0], pieces.at(-1)];
  // Data of its own: JSON runs nothing, wherever it lies.
  const isData = textOfPiece(head, sight)?.startsWith("./") && textOfPiece(tail, sight)?.endsWith(".json");
  if (isData !== true) say("dynamic-require", node);
}

const textOfPiece = (piece: SyntaxNode | string | undefined, { textOf }: Sight) => (typeof piece === "string" ? piece : textOf(piece));

function judgeTimer(node: SyntaxNode, handler: SyntaxNode | undefined, { say, textOf, madeWith }: Sight): void {
  const made = unwrap(madeWith(handler) ?? handler);
  const isText =
    made !== undefined && (textOf(made) !== undefined || made.type === "TemplateLiteral" || (made.type === "BinaryExpression" && made.operator === "+"));
  const callee = made?.type === "CallExpression" ? unwrap(childOf(made, "callee")) : undefined;
  const maker = callee === undefined ? "" : String(callee.name ?? childOf(callee, "property")?.name);
  if (isText || /^(?:atob|toString|join|concat|fromCharCode|decode|replace|decodeURIComponent|unescape|slice|substring)$/.test(maker))
    say("string-timer", node);
}

const LONG_PAYLOAD = 200;

function judgeDecoding(node: SyntaxNode, payload: SyntaxNode | undefined, { say, textOf }: Sight): void {
  const text = textOf(payload);
  if (text !== undefined && text.length >= LONG_PAYLOAD && /^[A-Za-z0-9+/=_\s-]+$/.test(text)) say("encoded-payload", node, `${text.length} characters`);
}

const SECRET_NAME = /pass(?:word|wd|phrase)|secret|token|nonce|salt|otp|session|api_?key|csrf/i;

function judgeHash(node: SyntaxNode, { text, parents, say }: Sight): void {
  let whole = node;
  for (const above of [...parents].reverse())
    if (above.type === "MemberExpression" || above.type === "CallExpression" || above.type === "VariableDeclarator") whole = above;
    else break;
  say(SECRET_NAME.test(text.slice(whole.start, Math.min(whole.end, whole.start + 500))) ? "weak-crypto" : "old-hash", node);
}

function judgeChance(node: SyntaxNode, { parents, say }: Sight): void {
  for (const above of [...parents].reverse().slice(0, 12)) {
    if (above.type.endsWith("Statement") || above.type === "VariableDeclaration") return;
    const named = childOf(above, "id") ?? childOf(above, "left") ?? childOf(above, "key");
    const name = named?.name ?? (named === undefined ? undefined : childOf(named, "property")?.name);
    if (above.type === "BinaryExpression" || typeof name !== "string") continue;
    if (SECRET_NAME.test(name)) say("weak-random", node, name.slice(0, 60));
    return;
  }
}

function judgeWorker(node: SyntaxNode, options: SyntaxNode | undefined, { say, madeWith }: Sight): void {
  const properties = childrenOf(madeWith(options) ?? options ?? node, "properties");
  const evaluates = properties.find((property) => childOf(property, "key")?.name === "eval");
  if (evaluates !== undefined && childOf(evaluates, "value")?.value !== false) say("eval", node, "a worker runs text");
}
