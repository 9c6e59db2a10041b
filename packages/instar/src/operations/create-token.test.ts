import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DaemonBench, ended, step } from "../daemon/daemon-bench.testing.ts";
import { openDatabase, transact } from "../database/open-database.ts";
import { TokenStore } from "../governance/access/token-store.ts";
import { Ledger } from "../ledger/ledger.ts";
import { readLedgerFiles } from "../ledger/read-ledger-files.testing.ts";
import { verifyLedger } from "../ledger/verify-ledger.ts";
import { NotificationOutbox } from "../notifications/notification-outbox.ts";
import { notifySettings } from "../settings/notify-settings.ts";
import { newId } from "../update/new-id.ts";
import { assertNoAdmin, createToken, type TokenAsked, type TokenRoom } from "./create-token.ts";

let bench: DaemonBench;
beforeEach(() => {
  bench = new DaemonBench();
});
afterEach(() => bench.close());

/** The database opened once more, by somebody who is not the daemon. */
function openBeside({ settings }: Pick<TokenRoom, "settings">): { room: TokenRoom; tokens: TokenStore; close(): void } {
  const database = openDatabase(join(bench.data, "instar.db"));
  const ledger = new Ledger({ database, folder: join(bench.data, "ledger"), now: () => bench.clock.wallMs(), key: null });
  const tokens = new TokenStore({ database, clock: bench.clock, newId });
  return { room: { name: "demo", database, ledger, rooms: { clock: bench.clock }, settings }, tokens, close: () => database.close() };
}
const ASKED: TokenAsked = { name: "root", role: "admin", scope: null, expiresAt: null, actor: { type: "user", id: "ada" }, how: ", in the database itself" };

describe("a token that is made beside a daemon that runs", () => {
  it("is in the ledger in its turn, whatever the daemon writes meanwhile", async () => {
    const { instance } = bench.run(bench.open([step("stage"), step("switch")]));
    await ended(instance, "1.0.0");
    const { room, tokens, close } = openBeside(instance);
    for (let turn = 0; turn < 20; turn += 1) {
      createToken(room, tokens, { ...ASKED, name: `t${turn}`, role: "viewer" });
      transact(instance.database, () =>
        instance.ledger.append({ event: "SETTINGS_CHANGED", actor: { type: "system", id: "daemon" }, description: `turn ${turn}`, success: true }),
      );
      if (turn % 3 === 0) await instance.ledger.drain();
    }
    close();
    await instance.ledger.drain();
    expect(verifyLedger(join(bench.data, "ledger"), { expected: instance.ledger.head() })).toMatchObject({
      kind: "intact",
      length: instance.ledger.head().length,
    });
    const written = readLedgerFiles(join(bench.data, "ledger")).filter(({ event }) => event === "TOKEN_CREATED");
    expect(written).toHaveLength(20);
    expect(written[0]).toMatchObject({
      actor: { type: "user", id: "ada" },
      description: "ada made the token t0 (viewer, which never ends), in the database itself",
    });
  });

  it("people are told of by that daemon, without the secret", async () => {
    const { instance } = bench.run(bench.open([step("stage")]));
    const settings = { ...instance.settings, notify: notifySettings.parse({ ways: [{ run: "true" }] }) };
    const { room, tokens, close } = openBeside({ settings });
    const { secret, id } = createToken(room, tokens, ASKED);
    close();
    const [told] = new NotificationOutbox(instance.database).due(1e12);
    expect(told).toMatchObject({
      occasion: "token-created",
      summary: expect.stringContaining("root (admin"),
      advice: expect.stringContaining(`token revoke ${id}`),
    });
    expect(JSON.stringify(told)).not.toContain(secret.slice(-43));
  });

  it("is the first of its kind: once an admin lives, this way is closed, and nothing is left of a try", () => {
    const instance = bench.open([step("stage")]);
    const { room, tokens, close } = openBeside(instance);
    const first = (name: string) => createToken(room, tokens, { ...ASKED, name, assertAllowed: () => assertNoAdmin(tokens) });
    const { id } = first("root");
    const before = instance.ledger.head();
    expect(() => first("again")).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
    expect(tokens.list()).toHaveLength(1);
    expect(instance.ledger.head()).toEqual(before);
    // Where the last admin is gone, its owner is the one again who can write the database anyway.
    transact(room.database, () => tokens.revoke(id));
    expect(first("again")).toMatchObject({ name: "again" });
    close();
  });
});
