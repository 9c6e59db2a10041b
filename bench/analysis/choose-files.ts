import { extname } from "node:path/posix";

const PROGRAMS: ReadonlySet<string> = new Set([".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"]);

/** Nobody writes a larger one: somebody's bundle, carried along as a text. */
const MOST_BYTES = 1_000_000;

/** Pure: a bundle is no source, and a declaration says again what the file beside it says. */
export const isChosenFile = (path: string, sizeBytes: number): boolean =>
  PROGRAMS.has(extname(path)) && sizeBytes <= MOST_BYTES && !/\.d\.[mc]?ts$|[.-]min\.[mc]?js$|(^|\/)node_modules\//.test(path);

/** Where a package's files lie in the tree. */
export const placeOf = (name: string): string => `packages/${name.replace(/^@/, "").replaceAll("/", "-")}`;
