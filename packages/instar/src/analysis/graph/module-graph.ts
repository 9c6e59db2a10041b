/**
 * Which module of a tree needs which. Ids are places in `paths`; edges lie flat (compressed sparse rows), so that a walk allocates nothing:
 * the targets of `id` are `targets[starts[id] … starts[id + 1])`, ascending, each once.
 */
export interface ModuleGraph {
  /** Every file of the tree, sorted; also those that are no modules. */
  readonly paths: readonly string[];
  /** 1 where the file was parsed as a module, by id. */
  readonly isModule: Uint8Array;
  readonly dependencies: Edges;
  readonly dependents: Edges;
  /** Packages from outside the tree and Node's own modules (`node:fs`), by name, with the ids of those who import them. */
  readonly externals: ReadonlyMap<string, readonly number[]>;
  readonly unresolved: readonly UnresolvedImport[];
  /** Modules whose text could not be parsed, read or is too large: what they import is not known. */
  readonly unreadable: readonly { readonly id: number; readonly because: string }[];
  /** Modules that import what they compute (`import(name)`): any module that nobody else imports may be it. */
  readonly computed?: readonly number[];
  /** Each package.json that stands for all modules of its package: who needs it may need any of them. */
  readonly wholes?: readonly number[];
}

export interface Edges {
  readonly starts: Uint32Array;
  readonly targets: Uint32Array;
}

export interface UnresolvedImport {
  readonly id: number;
  readonly specifier: string;
  readonly line: number;
  /** A module can live without it: it stands in a `try`, or only a type is taken. */
  readonly isOptional: boolean;
}
