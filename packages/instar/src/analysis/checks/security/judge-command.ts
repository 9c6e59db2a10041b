import { childOf, childrenOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { unwrap } from "./read-names.ts";
import type { Sight } from "./sight.ts";

const SHELLS = /^(?:.*[/\\])?(?:sh|bash|zsh|dash|ksh|fish|cmd|powershell|pwsh)(?:\.exe)?$/i;

/** A program that is started. One that is written down whole, without a shell, is what it says. */
export function judgeCommand(node: SyntaxNode, method: string, sight: Sight): void {
  const { say, textOf, originOf, madeWith } = sight;
  const args = childrenOf(node, "arguments");
  const [first] = args;
  const command = textOf(first);
  if (method === "exec" || method === "execSync") {
    if (command === undefined) say("command", node, method);
    return;
  }
  if (!/^(?:spawn|spawnSync|execFile|execFileSync|fork)$/.test(method)) {
    say("child-process-escapes", node, method.slice(0, 60));
    return;
  }
  if (command === undefined && !/^process\.(execPath|argv0)$/.test(originOf(first) ?? "")) say("command", node, method);
  const list = madeWith(args[1]) ?? unwrap(args[1]);
  const isShell = command !== undefined && SHELLS.test(command);
  if (isShell && (list?.type !== "ArrayExpression" || childrenOf(list, "elements").some((element) => textOf(element) === undefined)))
    say("command", node, `what ${command.slice(0, 40)} is told cannot be told`);
  for (const option of args.slice(1)) judgeOptions(node, option, sight);
}

function judgeOptions(node: SyntaxNode, option: SyntaxNode, { say, textOf, madeWith }: Sight): void {
  const object = madeWith(option) ?? unwrap(option);
  if (object?.type !== "ObjectExpression") return;
  for (const property of childrenOf(object, "properties")) {
    const key = childOf(property, "key");
    const name = property.computed === true ? textOf(key) : (key?.name ?? key?.value);
    const value = childOf(property, "value");
    if (property.computed === true && name === undefined) say("shell", node, "an option of it cannot be told");
    if (name === "shell" && value?.value !== false) say("shell", node);
  }
}
