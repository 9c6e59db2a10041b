import type { Json } from "../ledger/ledger-entry.ts";

/** What a file must be for an edit to go on: the digest that its writer saw, or absent. */
export type Expectation = "absent" | `sha256:${string}`;

/** One file-level change, as it was asked for. Paths count from the folder of instar.yaml. */
export type Edit =
  | {
      readonly kind: "file-write";
      readonly path: string;
      readonly content: ContentSource;
      /** Permission bits; those of the file that is there, or 0640, where it is not said. */
      readonly mode?: number;
      readonly expect?: Expectation;
      /** Whether what is named .json, .yaml, .yml or .env must be that afterwards. */
      readonly parse: boolean;
      /** Of an inverse edit: when the content was written first. */
      readonly mtimeMs?: number;
    }
  | { readonly kind: "file-delete"; readonly path: string; readonly expect?: Expectation }
  | { readonly kind: "directory-create"; readonly path: string; readonly mode?: number }
  /** Values at RFC 6901 pointers of a JSON or YAML file, or by `/NAME` of an environment file; the rest of it stays. */
  | {
      readonly kind: "configuration-update";
      readonly path: string;
      readonly values: Readonly<Record<string, Json>>;
      readonly remove: readonly string[];
      readonly expect?: Expectation;
    }
  /** Only in an inverse: takes a directory away that an edit made, where it is empty. */
  | { readonly kind: "directory-remove"; readonly path: string };

/** Where the bytes of a file are: in the plan, in a file of the operator's, or already in the edits' own folder. */
export type ContentSource = { readonly text: string } | { readonly base64: string } | { readonly from: string } | { readonly staged: string };

export interface EditPlan {
  /** One sentence for people: why. */
  readonly because: string;
  readonly edits: readonly Edit[];
  /** Whether the agent is started again after all edits. */
  readonly restart: boolean;
}
