import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mutate } from "./mutation.ts";
import { MUTATIONS } from "./mutations.ts";

test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("the place of the mistake '%s' is still there, once", (_, mutation) => {
  const text = readFileSync(fileURLToPath(new URL(`../../packages/instar/src/${mutation.file}`, import.meta.url)), "utf8");
  expect(mutate(mutation, text) ?? text).not.toBe(text);
});
