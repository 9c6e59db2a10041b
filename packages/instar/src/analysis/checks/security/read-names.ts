import { childOf, childrenOf, isNode, type SyntaxNode, walkProgram } from "../../touches/source/walk-program.ts";

/** What names of a program may stand for, and what expressions of it say, as far as that can be told without running it. */
export interface Names {
  /** Where a value comes from: `child_process.exec`, `process.env`, `globalThis`; undefined where that cannot be told. */
  readonly originOf: (node: SyntaxNode | undefined) => string | undefined;
  /** The text that an expression is for certain. */
  readonly textOf: (node: SyntaxNode | undefined) => string | undefined;
  /** What a name was made with, where it was made once. */
  readonly madeWith: (node: SyntaxNode | undefined) => SyntaxNode | undefined;
}

type Binding =
  | { readonly kind: "module"; readonly origin: string }
  | { readonly kind: "value"; readonly value: SyntaxNode; readonly keys: readonly (SyntaxNode | string)[] }
  /** A parameter, a loop's variable, a function: it may be anything. */
  | { readonly kind: "anything" };

/** Beyond it nothing is followed: what is so far away counts as unknown. */
const FURTHEST = 60;
const LONGEST_TEXT = 200_000;

/**
 * One table of names for the whole file, whatever their scope: two variables of one name may each be taken for the other, and that
 * errs on the side of seeing too much. Names of Node's own powerful globals stay what they are, also where something else is called so.
 */
export function readNames(program: SyntaxNode): Names {
  const bindings = collectBindings(program);
  const origins = new Map<SyntaxNode, string | undefined>();
  const texts = new Map<SyntaxNode, string | undefined>();
  let depth = 0;
  const once = (memory: Map<SyntaxNode, string | undefined>, node: SyntaxNode | undefined, find: (node: SyntaxNode) => string | undefined) => {
    if (node === undefined || depth > FURTHEST) return undefined;
    if (memory.has(node)) return memory.get(node);
    // For the time being: a name that leads back to itself leads nowhere.
    memory.set(node, undefined);
    depth++;
    const found = find(node);
    depth--;
    memory.set(node, found);
    return found;
  };

  const originOf = (node: SyntaxNode | undefined): string | undefined => once(origins, unwrap(node), findOrigin);
  const textOf = (node: SyntaxNode | undefined): string | undefined => once(texts, unwrap(node), findText);

  function findOrigin(node: SyntaxNode): string | undefined {
    switch (node.type) {
      case "Identifier":
        return originOfName(String(node.name));
      case "MemberExpression": {
        const base = originOf(childOf(node, "object"));
        const key = keyOf(node, textOf);
        return base === undefined || key === undefined ? undefined : joinOrigin(base, key);
      }
      case "ImportExpression":
        return moduleOrigin(textOf(childOf(node, "source")));
      case "CallExpression":
        return originOfCall(node);
      default:
        return undefined;
    }
  }

  function originOfName(name: string): string | undefined {
    if (POWERFUL_NAMES.has(name)) return GLOBALS.get(name) ?? name;
    const found = bindings.get(name);
    if (found === undefined) return GLOBALS.get(name) ?? name;
    for (const binding of found) {
      const origin = binding.kind === "module" ? binding.origin : binding.kind === "value" ? originOfValue(binding) : undefined;
      if (origin !== undefined) return origin;
    }
    return undefined;
  }

  function originOfValue({ value, keys }: Extract<Binding, { kind: "value" }>): string | undefined {
    let origin = originOf(value);
    for (const key of keys) {
      const name = typeof key === "string" ? key : textOf(key);
      if (origin === undefined || name === undefined) return undefined;
      origin = joinOrigin(origin, name);
    }
    return origin;
  }

  function originOfCall(node: SyntaxNode): string | undefined {
    const callee = unwrap(childOf(node, "callee"));
    const [first, second] = childrenOf(node, "arguments");
    if (callee?.type === "MemberExpression" && keyOf(callee, textOf) === "bind") return originOf(childOf(callee, "object"));
    const origin = originOf(callee);
    if (origin === "require" || origin === "process.getBuiltinModule") return moduleOrigin(textOf(first));
    if (origin === "module.createRequire") return "require";
    if (origin === "util.promisify") return originOf(first);
    if (origin !== "Reflect.get") return undefined;
    const [base, key] = [originOf(first), textOf(second)];
    return base === undefined || key === undefined ? undefined : joinOrigin(base, key);
  }

  function findText(node: SyntaxNode): string | undefined {
    switch (node.type) {
      case "Literal":
        return typeof node.value === "string" ? node.value : typeof node.value === "number" ? String(node.value) : undefined;
      case "TemplateLiteral":
        return joinTexts(piecesOf(node).map((piece) => (typeof piece === "string" ? piece : textOf(piece))));
      case "BinaryExpression":
        return node.operator === "+" ? joinTexts(piecesOf(node).map((piece) => (typeof piece === "string" ? piece : textOf(piece)))) : undefined;
      case "Identifier": {
        const value = madeWith(node);
        return value === undefined ? undefined : textOf(value);
      }
      case "CallExpression":
        return textOfCall(node);
      default:
        return undefined;
    }
  }

  /** The ways in which texts are taken apart and put together to hide them. */
  function textOfCall(node: SyntaxNode): string | undefined {
    const callee = unwrap(childOf(node, "callee"));
    const [first, second] = childrenOf(node, "arguments");
    const origin = originOf(callee);
    if (origin === "atob") return decode(textOf(first), "base64");
    if (origin === "String.fromCharCode" || origin === "String.fromCodePoint")
      return joinTexts(childrenOf(node, "arguments").map((code) => charOf(textOf(code))));
    if (origin === "decodeURIComponent" || origin === "unescape") return decodeUri(textOf(first));
    if (callee?.type !== "MemberExpression") return undefined;
    const object = unwrap(childOf(callee, "object"));
    const key = keyOf(callee, textOf);
    if (key === "toString" && object?.type === "CallExpression" && originOf(childOf(object, "callee")) === "Buffer.from") {
      const [text, encoding] = childrenOf(object, "arguments");
      return decode(textOf(text), textOf(encoding) ?? "utf8");
    }
    if (key === "join") {
      const separator = first === undefined ? "," : textOf(first);
      const parts = partsOf(object);
      return separator === undefined || parts === undefined ? undefined : parts.join(separator).slice(0, LONGEST_TEXT);
    }
    const text = textOf(object);
    if (text === undefined) return undefined;
    if (key === "toLowerCase") return text.toLowerCase();
    if (key === "toUpperCase") return text.toUpperCase();
    if (key === "trim") return text.trim();
    if (key === "concat") return joinTexts([text, ...childrenOf(node, "arguments").map(textOf)]);
    const [from, to] = [textOf(first), textOf(second)];
    if ((key === "replace" || key === "replaceAll") && from !== undefined && to !== undefined)
      return key === "replace" ? text.replace(from, () => to) : text.replaceAll(from, () => to);
    return undefined;
  }

  /** The texts of a list: written down, or made with `split`, turned round. */
  function partsOf(node: SyntaxNode | undefined): string[] | undefined {
    const list = madeWith(node) ?? node;
    if (list?.type === "ArrayExpression") {
      const parts = childrenOf(list, "elements").map(textOf);
      return parts.every((part) => part !== undefined) ? parts : undefined;
    }
    const callee = list?.type === "CallExpression" ? unwrap(childOf(list, "callee")) : undefined;
    if (list === undefined || callee?.type !== "MemberExpression") return undefined;
    const key = keyOf(callee, textOf);
    if (key === "reverse") {
      const inner = unwrap(childOf(callee, "object"));
      return inner === list || depth++ > FURTHEST ? undefined : partsOf(inner)?.reverse();
    }
    const [separator] = childrenOf(list, "arguments").map(textOf);
    return key === "split" && separator !== undefined ? textOf(childOf(callee, "object"))?.split(separator) : undefined;
  }

  function madeWith(node: SyntaxNode | undefined): SyntaxNode | undefined {
    const name = unwrap(node);
    if (name?.type !== "Identifier") return undefined;
    const [binding, ...more] = bindings.get(String(name.name)) ?? [];
    return binding?.kind === "value" && binding.keys.length === 0 && more.length === 0 ? unwrap(binding.value) : undefined;
  }

  return { originOf, textOf, madeWith };
}

/** Without what only the compiler reads, brackets and waiting. */
export function unwrap(node: SyntaxNode | undefined): SyntaxNode | undefined {
  let at = node;
  while (at !== undefined && WRAPPERS.has(at.type))
    at = at.type === "SequenceExpression" ? childrenOf(at, "expressions").at(-1) : (childOf(at, "expression") ?? childOf(at, "argument"));
  return at;
}

export const WRAPPERS: ReadonlySet<string> = new Set([
  "ParenthesizedExpression",
  "ChainExpression",
  "AwaitExpression",
  "SequenceExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
]);

/** The name of a member, where it can be told. */
export function keyOf(member: SyntaxNode, textOf: Names["textOf"]): string | undefined {
  const property = childOf(member, "property");
  if (member.computed === true) return textOf(property);
  return property?.type === "PrivateIdentifier" ? `#${String(property.name)}` : typeof property?.name === "string" ? property.name : undefined;
}

/** What stands beside each other in a template or a sum, without recursion: sums may be long. */
export function piecesOf(node: SyntaxNode): (SyntaxNode | string)[] {
  if (node.type === "TemplateLiteral") {
    const holes = childrenOf(node, "expressions");
    return childrenOf(node, "quasis").flatMap((quasi, at) => {
      const { value } = quasi as { value?: unknown };
      const text = typeof value === "object" && value !== null && "cooked" in value && typeof value.cooked === "string" ? value.cooked : "";
      const hole = holes[at];
      return hole === undefined ? [text] : [text, hole];
    });
  }
  const pieces: SyntaxNode[] = [];
  let at: SyntaxNode | undefined = node;
  while (at?.type === "BinaryExpression" && at.operator === "+") {
    const right = childOf(at, "right");
    if (right !== undefined) pieces.push(right);
    at = unwrap(childOf(at, "left"));
  }
  if (at !== undefined) pieces.push(at);
  return pieces.reverse();
}

const GLOBALS: ReadonlyMap<string, string> = new Map([
  ["global", "globalThis"],
  ["window", "globalThis"],
  ["self", "globalThis"],
  ["globalThis", "globalThis"],
]);

const POWERFUL_NAMES: ReadonlySet<string> = new Set(["globalThis", "process", "require", "eval", "Function"]);

export function moduleOrigin(specifier: string | undefined): string | undefined {
  return specifier?.replace(/^node:/, "").replace(/^fs\/promises$/, "fs");
}

function joinOrigin(base: string, key: string): string {
  const joined = key === "default" || (base === "fs" && key === "promises") ? base : base === "globalThis" ? (GLOBALS.get(key) ?? key) : `${base}.${key}`;
  return joined === "process.mainModule.require" || joined === "module.require" || joined === "require.main.require" ? "require" : joined;
}

function joinTexts(parts: readonly (string | undefined)[]): string | undefined {
  if (parts.some((part) => part === undefined)) return undefined;
  const text = parts.join("");
  return text.length > LONGEST_TEXT ? undefined : text;
}

function charOf(code: string | undefined): string | undefined {
  const number = Number(code ?? "none");
  return Number.isInteger(number) && number >= 0 && number <= 0x10ffff ? String.fromCodePoint(number) : undefined;
}

function decode(text: string | undefined, encoding: string): string | undefined {
  return text !== undefined && (encoding === "base64" || encoding === "hex" || encoding === "base64url" || encoding === "utf8")
    ? Buffer.from(text, encoding).toString()
    : undefined;
}

function decodeUri(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function collectBindings(program: SyntaxNode): Map<string, Binding[]> {
  const bindings = new Map<string, Binding[]>();
  const add = (name: unknown, binding: Binding) => {
    if (typeof name !== "string") return;
    const known = bindings.get(name) ?? [];
    if (known.length < 8) bindings.set(name, [...known, binding]);
  };
  walkProgram(program, {
    enter: (node) => {
      if (node.type === "ImportDeclaration") {
        const module = moduleOrigin(String(childOf(node, "source")?.value)) ?? "";
        for (const specifier of childrenOf(node, "specifiers")) {
          const imported = childOf(specifier, "imported");
          const name = imported?.name ?? imported?.value;
          add(childOf(specifier, "local")?.name, { kind: "module", origin: typeof name === "string" ? joinOrigin(module, name) : module });
        }
      } else if (node.type === "VariableDeclarator" || node.type === "AssignmentExpression") {
        const value = childOf(node, "init") ?? childOf(node, "right");
        const isPlain = node.type === "VariableDeclarator" || node.operator === "=";
        for (const [name, keys] of namesIn(childOf(node, "id") ?? childOf(node, "left")))
          add(name, value !== undefined && isPlain ? { kind: "value", value, keys } : { kind: "anything" });
      } else
        for (const bound of [...childrenOf(node, "params"), childOf(node, "param"), BINDS_ITS_ID.has(node.type) ? childOf(node, "id") : undefined])
          for (const [name] of namesIn(bound)) add(name, { kind: "anything" });
    },
    leave: () => {},
  });
  return bindings;
}

const BINDS_ITS_ID: ReadonlySet<string> = new Set(["FunctionDeclaration", "FunctionExpression", "ClassDeclaration", "ClassExpression"]);

/** The names of a pattern, each with the way to it. */
function namesIn(pattern: SyntaxNode | undefined): [string, (SyntaxNode | string)[]][] {
  const names: [string, (SyntaxNode | string)[]][] = [];
  const todo: [SyntaxNode | undefined, (SyntaxNode | string)[]][] = [[pattern, []]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [node, keys] = next;
    if (node?.type === "Identifier") names.push([String(node.name), keys]);
    else if (node?.type === "AssignmentPattern") todo.push([childOf(node, "left"), keys]);
    else if (node?.type === "RestElement" || node?.type === "TSParameterProperty") todo.push([childOf(node, "argument") ?? childOf(node, "parameter"), keys]);
    else if (node?.type === "ArrayPattern") for (const element of childrenOf(node, "elements")) todo.push([element, [...keys, "[]"]]);
    else if (node?.type === "ObjectPattern" && keys.length < FURTHEST)
      for (const property of childrenOf(node, "properties")) {
        const key = childOf(property, "key");
        const name = property.computed === true ? key : (key?.name ?? key?.value);
        if (property.type === "RestElement") todo.push([childOf(property, "argument"), keys]);
        else if (typeof name === "string" || isNode(name)) todo.push([childOf(property, "value"), [...keys, name]]);
      }
  }
  return names;
}
