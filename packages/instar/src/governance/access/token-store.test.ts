import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, transact } from "../../database/open-database.ts";
import { newId } from "../../update/new-id.ts";
import { findTokenSecrets } from "./token-secret.ts";
import { type NewToken, TokenStore } from "./token-store.ts";

const DAY_MS = 86_400_000;
let folder: string;
let database: ReturnType<typeof openDatabase>;
let clock: SimulatedClock;
let tokens: TokenStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-tokens-"));
  database = openDatabase(join(folder, "instar.db"));
  clock = new SimulatedClock();
  tokens = new TokenStore({ database, clock, newId });
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});
const inMs = (ms: number) => new Date(clock.wallMs() + ms).toISOString();
const create = (parts: Partial<NewToken> = {}) =>
  transact(database, () => tokens.create({ name: "ada", role: "approver", scope: null, expiresAt: inMs(30 * DAY_MS), createdBy: "root", ...parts }));
/** As the entrance does: what was shown is remembered. */
const show = (secret: string) => {
  const verified = tokens.verify(secret);
  const noted = tokens.planNote(verified);
  if (noted !== undefined) tokens.noteUse(noted);
  return verified.kind === "known" ? "known" : verified.why;
};

describe("a token", () => {
  it("is known by its secret, with name, role and scope", () => {
    const { token, secret } = create({ scope: ["update.check"] });
    expect(secret).toMatch(/^instar_[2-9a-hjkmnp-z]{8}_[A-Za-z0-9_-]{43}$/);
    expect(tokens.verify(secret)).toEqual({ kind: "known", token });
    expect(token).toMatchObject({ name: "ada", role: "approver", scope: ["update.check"], state: "living", createdBy: "root", lastUsedAt: null });
  });

  it("lies nowhere on disk but as a digest, in a file that only its owner may open", () => {
    const { secret } = create();
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const bytes = readFileSync(join(folder, "instar.db"), "latin1");
    expect(bytes).not.toContain(secret);
    expect(bytes).not.toContain(secret.slice(-43));
    expect(statSync(join(folder, "instar.db")).mode & 0o077).toBe(0);
    expect(JSON.stringify(tokens.list())).not.toContain(secret.slice(-43));
  });

  it("has a name that no other living one has; who expired or was revoked gives it free", () => {
    const { token } = create();
    expect(() => create()).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    transact(database, () => tokens.revoke(token.id));
    const second = create({ expiresAt: inMs(1_000) });
    clock.advance(2_000);
    const third = create();
    expect(tokens.list().map(({ state }) => state)).toEqual(["revoked", "revoked", "living"]);
    // The name's old owner cannot come back by a clock that is set back.
    clock.jumpWall(-2_000);
    expect(show(second.secret)).toBe("revoked");
    expect(show(third.secret)).toBe("known");
  });

  it("that was made at the same moment by two is made once: the database itself refuses the second name", () => {
    create();
    const row = "INSERT INTO token (id, name, role, hash, created_at, created_by) VALUES ('x', 'ada', 'admin', 'h', 'now', 'm')";
    expect(() => database.exec(row)).toThrow(/UNIQUE/);
    expect(() => database.exec(row.replace("'ada'", "'eve'").replace("'admin'", "'root'"))).toThrow(/CHECK/);
  });

  it("is found by its id before a name, and one that is not there is said so", () => {
    const { token } = create();
    expect(tokens.find(token.id)).toEqual(token);
    expect(tokens.find("ada")).toEqual(token);
    expect(() => tokens.find("eve")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});

describe("a token that does not count is told apart inside:", () => {
  it("one that was revoked", () => {
    const { token, secret } = create();
    transact(database, () => tokens.revoke(token.id));
    expect(show(secret)).toBe("revoked");
  });
  it("one that expired, to the millisecond", () => {
    const { secret } = create({ expiresAt: inMs(1_000) });
    clock.advance(999);
    expect(show(secret)).toBe("known");
    clock.advance(1);
    expect(show(secret)).toBe("expired");
  });
  it("somebody else's id with one's own secret", () => {
    const [ada, eve] = [create(), create({ name: "eve", role: "viewer" })];
    expect(show(`instar_${ada.token.id}_${eve.secret.slice(-43)}`)).toBe("wrong secret");
    expect(tokens.find("ada").lastUsedAt).toBeNull();
  });
  it("one that never was", () => expect(show(`instar_abcdefgh_${"x".repeat(43)}`)).toBe("unknown"));
  it.each([
    ["nothing", ""],
    ["its beginning", "instar_"],
    ["an id alone", "instar_abcdefgh_"],
    ["another alphabet", `instar_abcdefgh_${"ä".repeat(43)}`],
    ["full-width letters", `ｉｎｓｔａｒ_abcdefgh_${"x".repeat(43)}`],
    ["ten megabytes", "instar_abcdefgh_".padEnd(10_000_000, "x")],
    ["a line end behind it", `instar_abcdefgh_${"x".repeat(43)}\n`],
    ["a NUL behind it", `instar_abcdefgh_${"x".repeat(43)}\0`],
    ["capitals", `INSTAR_abcdefgh_${"x".repeat(43)}`],
    ["SQL", "instar_' OR 1=1_".padEnd(60, "x")],
  ])("what is no token: %s", (_, shown) => expect(show(shown)).toBe("malformed"));
  it("whatever else anybody may show", () => {
    const { secret } = create();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^instar_[a-z2-9]{8}_[\w-]{43}$/)), (shown) => {
        fc.pre(shown !== secret);
        expect(show(shown)).not.toBe("known");
      }),
    );
  });
  it("a secret of which one letter is another", () => {
    const { secret } = create();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: secret.length - 1 }), fc.constantFrom(..."aZ9_-"), (at, letter) => {
        fc.pre(secret[at] !== letter);
        expect(show(secret.slice(0, at) + letter + secret.slice(at + 1))).not.toBe("known");
      }),
    );
  });
});

describe("a clock that cannot be believed makes a token's life shorter, never longer:", () => {
  it("set back after it expired, it stays expired", () => {
    const { secret } = create({ expiresAt: inMs(DAY_MS) });
    clock.advance(DAY_MS);
    expect(show(secret)).toBe("expired");
    clock.jumpWall(-DAY_MS / 2);
    expect(show(secret)).toBe("expired");
  });
  it("set back before it was made or used last, nobody can say; set right, it lives", () => {
    const { secret } = create({ expiresAt: inMs(DAY_MS) });
    clock.jumpWall(-DAY_MS);
    expect(show(secret)).toBe("unsure");
    clock.jumpWall(DAY_MS);
    expect(show(secret)).toBe("known");
  });
  it("set back a little, as clocks are, it lives", () => {
    const { secret } = create();
    clock.jumpWall(-60_000);
    expect(show(secret)).toBe("known");
  });
  it("one that never ends does not end by it", () => {
    const { secret } = create({ expiresAt: null });
    clock.jumpWall(-1_000 * DAY_MS);
    expect(show(secret)).toBe("known");
  });
  it("however it jumps: what was refused once because it had expired is never let in again", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ ms: fc.integer({ min: 0, max: DAY_MS / 2 }), jumpMs: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }) })), (moves) => {
        const { secret } = create({ name: newId(), expiresAt: inMs(DAY_MS) });
        let hasExpired = false;
        for (const { ms, jumpMs } of moves) {
          clock.advance(ms);
          const said = show(secret);
          if (hasExpired) expect(said).toBe("expired");
          hasExpired ||= said === "expired";
          clock.jumpWall(jumpMs);
        }
      }),
      { numRuns: 50 },
    );
  });
  it("also where it was used in the very minute before", () => {
    const { secret } = create({ expiresAt: inMs(DAY_MS) });
    clock.advance(DAY_MS - 10_000);
    expect(show(secret)).toBe("known");
    clock.advance(11_000);
    expect(show(secret)).toBe("expired");
    clock.jumpWall(-60_000);
    expect(show(secret)).toBe("expired");
  });
});

it("when it was used last is written at most once a minute", () => {
  const { token, secret } = create();
  const writes = new Set<string | null>();
  for (let second = 0; second < 180; second += 1) {
    show(secret);
    writes.add(tokens.find(token.id).lastUsedAt);
    clock.advance(1_000);
  }
  expect(writes.size).toBe(3);
});

describe("a token in the middle of a text", () => {
  it("is found, each once, and nothing that is longer or shorter", () => {
    const { secret } = create();
    expect(findTokenSecrets(`TOKEN="${secret}"\n# ${secret}\n`)).toEqual([secret]);
    expect(findTokenSecrets(`${secret}x my_${secret} ${secret.slice(0, -1)}`)).toEqual([]);
  });
});
