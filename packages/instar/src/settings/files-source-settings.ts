import { z } from "zod";
import { duration } from "./setting-values.ts";

const glob = z.string().min(1).max(1_000);

/** `source.files`: a folder of this machine as the source. */
export const filesSourceSettings = z
  .strictObject({
    folder: z.string().min(1).describe("The folder, from the folder of this file"),
    include: z.array(glob).min(1).default(["**"]).describe("Which of its files the agent is made of; patterns as in ignore"),
    watch: z
      .array(glob)
      .min(1)
      .default(["*.py", "*.json", "*.yaml", "*.yml", "*.toml", "*.ini", "*.js", "*.mjs", "*.cjs", "*.jsx", "*.ts", "*.mts", "*.cts", "*.tsx", "*.md"])
      .describe("Files whose change begins an update; others go along with the next one"),
    ignore: z
      .array(glob)
      .default([
        ...["__pycache__", "*.pyc", "*.pyo", ".git", "*.log", "*.tmp", "*.bak", "node_modules", ".venv", ".DS_Store"],
        ...["*.swp", "*.swx", "*~", ".#*", "#*#", "4913", "*___jb_tmp___", "*___jb_old___"], // what editors lay beside a file while they save it
      ])
      .describe("Names at any depth, or paths where there is a / in it, that are no part of the agent (`.git` never is)"),
    quiet: duration.prefault("500ms").describe("How long nothing must change before the folder is looked at"),
    longest: duration.prefault("30s").describe("A folder that never rests is looked at after this time anyway"),
  })
  .refine(({ quiet, longest }) => quiet <= longest, { path: ["longest"], error: "must not be shorter than quiet" });
export type FilesSourceSettings = z.output<typeof filesSourceSettings>;
