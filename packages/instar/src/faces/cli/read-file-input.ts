import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { InstarError, type Operation } from "@instar/protocol";

/** What an operation takes as a file's text is named by its path on the command line; `-` is standard input. @throws InstarError INPUT_INVALID */
export async function readFileInput({ fileInput, input: { shape } }: Operation, input: Record<string, unknown>): Promise<Record<string, unknown>> {
  if (fileInput === undefined || input[fileInput] === undefined) return input;
  const path = String(input[fileInput]);
  const isPiped = path === "-";
  const base = isPiped ? process.cwd() : dirname(resolve(path));
  return { ...("base" in shape ? { base } : {}), ...input, [fileInput]: isPiped ? await text(process.stdin) : await readNamed(path) };
}

async function readNamed(path: string): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY);
    try {
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", `${path} cannot be read`, { cause, facts: { path } });
  }
}
