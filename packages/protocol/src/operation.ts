import { z } from "zod";
import type { Need } from "./access.ts";

export type Face = "cli" | "http" | "mcp";

/** What an agent is told of an operation beside its summary, and what its face leaves out. The rest of a tool follows from the table. */
export interface ToolHints {
  /** Whose words its answer may carry: they are data, and the tool says so. */
  readonly quotes?: string;
  /** It answers with the agent's own files, which may be written back as they were read: nothing in them is taken out. */
  readonly isVerbatim?: true;
  /** It may replace or take away what is there. */
  readonly isDestructive?: true;
  /** Twice with the same input is the same as once. */
  readonly isIdempotent?: true;
  /** Inputs that no tool takes, whoever calls it, each with the reason. */
  readonly withholds?: Readonly<Record<string, string>>;
}

/** One thing that Instar can be asked or told. CLI, HTTP, OpenAPI and MCP all derive from this table; no face adds to it. */
export interface Operation<Name extends string = string, Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  readonly name: Name;
  /** A query changes nothing and is a GET; a command is a POST. */
  readonly kind: "query" | "command";
  /** What it asks of its caller: `look` of a query, `operate` of a command, where it says nothing else. */
  readonly needs?: Need;
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /** The inputs that the CLI takes by position, in order. The rest are flags. */
  readonly positional: readonly string[];
  /** The input that is a file's text. The CLI takes the file's path (`-`: standard input), and says as `base` where it lies. */
  readonly fileInput?: string;
  /** The input that may name a file or a folder on this machine: the CLI tells it from the root. */
  readonly pathInput?: string;
  /** Whatever is written there is a path, also a plain name. */
  readonly isPathAlways?: true;
  /** What is asked so is answered with `files` (path below a folder, text): the CLI writes them where `--to` says, as who asked and not as the daemon. */
  readonly filesOutput?: Readonly<Record<string, string>>;
  /** True where it can be answered from the disk while no daemon runs. */
  readonly offline: boolean;
  /** The query that tells what this would do, with the same input: `--dry-run` on the command line. */
  readonly dryRun?: string;
  /** Faces that leave it out, each with its reason. */
  readonly hiddenFrom?: Partial<Record<Face, string>>;
  /** Of an operation that is a tool: it is one where it looks or proposes, and is not hidden. */
  readonly mcp?: ToolHints;
}

export const needOf = ({ kind, needs }: Pick<Operation, "kind" | "needs">): Need => needs ?? (kind === "query" ? "look" : "operate");

export const defineOperation = <const Name extends string, Input extends z.ZodObject, Output extends z.ZodType>(
  operation: Operation<Name, Input, Output>,
): Operation<Name, Input, Output> => operation;

/** Of an operation that asks for nothing. */
export const none = z.strictObject({});
/** True or false, also as text: in a query everything is. */
export const flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean()).meta({ type: "boolean" });
export const updateId = z.string().min(1).describe("An update's id; its first letters are enough");
