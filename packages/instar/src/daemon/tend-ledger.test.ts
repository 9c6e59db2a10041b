import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepSecretsOut } from "./tend-ledger.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-tend-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const keptOut = async (environment: Record<string, string>, environmentFile?: string) => {
  let kept: Readonly<Record<string, string>> = {};
  const ledger = {
    keepOut: (secrets: typeof kept) => {
      kept = secrets;
    },
  };
  const rooms = { settings: { agent: { environment, environmentFile } }, settingsFolder: folder };
  await keepSecretsOut({ ledger, rooms } as never);
  return kept;
};

test("what is called as secrets are is kept out, from instar.yaml and from the environment's file", async () => {
  writeFileSync(join(folder, "agent.env"), "DB_PASSWORD=corr3ct horse\nGREETING=good morning to you\n");
  expect(await keptOut({ API_KEY: "k-123456789", LOG_LEVEL: "verbose-and-more" }, "agent.env")).toEqual({
    API_KEY: "k-123456789",
    DB_PASSWORD: "corr3ct horse",
  });
});

test("a plain word and a short number are left, or the ledger could not be read; a long word and a long number are not", async () => {
  expect(await keptOut({ SESSION_STORE: "committed", AUTH_PORT: "8080", API_TOKEN: "correcthorsebattery", PIN: "1234567890" })).toEqual({
    API_TOKEN: "correcthorsebattery",
    PIN: "1234567890",
  });
});

test("a file that is missing keeps nobody from anything", async () => {
  expect(await keptOut({ API_KEY: "k-123456789" }, "gone.env")).toEqual({ API_KEY: "k-123456789" });
});
