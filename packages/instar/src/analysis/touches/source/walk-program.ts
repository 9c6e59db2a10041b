/** A node of the syntax tree, as plain as JSON brings it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Visitor {
  /** `parents` is the way down, the nearest last; it is valid during the call only. */
  readonly enter: (node: SyntaxNode, parents: readonly SyntaxNode[]) => void;
  readonly leave: (node: SyntaxNode) => void;
}

/** Visits a tree in the order of the text, without recursion: the tree may be as deep as its text is long. */
export function walkProgram(root: SyntaxNode, { enter, leave }: Visitor): void {
  const parents: SyntaxNode[] = [];
  const todo: (SyntaxNode | undefined)[] = [root];
  // undefined stands where the children of the last parent end.
  while (todo.length > 0) {
    const node = todo.pop();
    if (node === undefined) {
      const left = parents.pop();
      if (left !== undefined) leave(left);
      continue;
    }
    enter(node, parents);
    parents.push(node);
    todo.push(undefined);
    for (const child of listChildren(node).reverse()) todo.push(child);
  }
}

function listChildren(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (const value of Object.values(node))
    if (Array.isArray(value)) for (const item of value) children.push(...asNode(item));
    else children.push(...asNode(value));
  return children.sort((one, other) => one.start - other.start);
}

const asNode = (value: unknown): SyntaxNode[] => (isNode(value) ? [value] : []);

export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value && typeof value.start === "number"
  );
}

/** A child of a node, where it has one of that name. */
export function childOf(node: SyntaxNode, key: string): SyntaxNode | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

export function childrenOf(node: SyntaxNode, key: string): readonly SyntaxNode[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** A chain of names and calls: `expect(x).not.toBe(y)` has the root `expect`, the names `not` and `toBe`, and two calls. */
export interface Chain {
  readonly root: string;
  readonly names: readonly string[];
  /** The calls and members of the chain, the outermost first. */
  readonly links: readonly SyntaxNode[];
  /** The call of the root itself, `expect(x)`. */
  readonly rootCall: SyntaxNode | undefined;
}

/** Longer ones are data, no code that a person wrote. */
const LONGEST_CHAIN = 40;

export function chainOf(node: SyntaxNode): Chain | undefined {
  const names: string[] = [];
  const links: SyntaxNode[] = [];
  let at: SyntaxNode | undefined = node;
  let rootCall: SyntaxNode | undefined;
  for (let length = 0; at !== undefined && length < LONGEST_CHAIN; length++) {
    if (at.type === "Identifier") return { root: String(at.name), names: names.reverse(), links, rootCall };
    if (at.type === "ThisExpression") return { root: "this", names: names.reverse(), links, rootCall };
    links.push(at);
    rootCall = at.type === "CallExpression" ? at : undefined;
    if (at.type === "MemberExpression") {
      const property = childOf(at, "property");
      names.push(at.computed === true ? (stringOf(property) ?? "[…]") : String(property?.name));
      at = childOf(at, "object");
    } else if (at.type === "CallExpression" || at.type === "NewExpression") at = childOf(at, "callee");
    else if (at.type === "TaggedTemplateExpression") at = childOf(at, "tag");
    else at = childOf(at, "expression") ?? childOf(at, "argument");
    if (at !== undefined && !CHAINED.has(at.type)) return undefined;
  }
  return undefined;
}

const CHAINED: ReadonlySet<string> = new Set([
  "Identifier",
  "ThisExpression",
  "MemberExpression",
  "CallExpression",
  "NewExpression",
  "TaggedTemplateExpression",
  "ChainExpression",
  "TSNonNullExpression",
  "TSAsExpression",
  "ParenthesizedExpression",
  "AwaitExpression",
]);

/** The value of a string literal, or of a template without holes. */
export function stringOf(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  const value = node.value;
  if (node.type === "Literal") return typeof value === "string" ? value : undefined;
  const [only, ...more] = childrenOf(node, "quasis");
  return node.type === "TemplateLiteral" && more.length === 0 && only !== undefined ? textOfQuasi(only) : undefined;
}

export function textOfQuasi(quasi: SyntaxNode): string {
  const value = quasi.value;
  return typeof value === "object" && value !== null && "raw" in value ? String(value.raw) : "";
}
