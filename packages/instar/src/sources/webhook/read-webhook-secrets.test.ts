import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { readWebhookSecrets } from "./read-webhook-secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "instar-secrets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "secret");
const read = (text: string) => {
  writeFileSync(path, text);
  return readWebhookSecrets(path);
};

describe("a file with a secret", () => {
  it("holds the current one and the one before", async () => {
    expect(await read("the current secret\n")).toEqual(["the current secret"]);
    expect(await read("  the current secret\r\n\r\nthe one before it\n\n")).toEqual(["the current secret", "the one before it"]);
  });
  it.each([
    ["nothing", ""],
    ["three", `${"a secret that is long\n".repeat(3)}`],
    ["a short one", "hunter2"],
    ["an empty key", "whsec_=============="],
    ["a key that is no base64", "whsec_not base64 at all"],
  ])("is refused with %s, and no secret in the words", async (_, text) => {
    const refused = await read(text).catch((error: unknown) => error);
    expect(InstarError.is(refused, "SETTINGS_INVALID")).toBe(true);
    const { message, facts, advice } = refused as InstarError;
    for (const word of text.split("\n").filter((line) => line !== "")) expect(JSON.stringify({ message, facts, advice })).not.toContain(word);
  });
  it("that is missing is said", async () => {
    await expect(readWebhookSecrets(join(folder, "none"))).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });
});
