/** Folders of a published package that hold what people wrote, or what their compiler made of it. */
export interface ChosenSource {
  readonly package: string;
  /** Relative to the package; `.` is all of it. */
  readonly folders: readonly string[];
}

/** The tree that counts: sources as they were written, TypeScript and JavaScript of both module systems, from `sources/`. In this order. */
export const SOURCES: readonly ChosenSource[] = [
  { package: "rxjs", folders: ["src"] },
  { package: "eslint", folders: ["lib"] },
  { package: "svelte", folders: ["src"] },
  { package: "zod", folders: ["src"] },
  { package: "maplibre-gl", folders: ["src"] },
  { package: "webpack", folders: ["lib"] },
  { package: "three", folders: ["src", "examples/jsm"] },
  { package: "effect", folders: ["src"] },
  { package: "@cesium/engine", folders: ["Source"] },
  { package: "core-js", folders: ["internals", "modules", "es"] },
  { package: "phaser", folders: ["src"] },
];

/** What makes it larger, from `more-sources/`: also what compilers wrote, since nobody publishes 30,000 handwritten files. In this order, after the others. */
export const MORE_SOURCES: readonly ChosenSource[] = [
  { package: "openai", folders: ["src"] },
  { package: "typeorm", folders: ["."] },
  { package: "graphql", folders: ["."] },
  { package: "pixi.js", folders: ["lib"] },
  { package: "lodash", folders: ["."] },
  { package: "lodash-es", folders: ["."] },
  { package: "drizzle-orm", folders: ["."] },
  { package: "ramda", folders: ["src", "es"] },
  { package: "@mui/material", folders: ["."] },
  { package: "@mantine/core", folders: ["."] },
  { package: "vuetify", folders: ["."] },
  { package: "mathjs", folders: ["lib"] },
  { package: "date-fns", folders: ["."] },
  { package: "@babylonjs/core", folders: ["."] },
  { package: "element-plus", folders: ["."] },
];
