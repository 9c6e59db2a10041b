import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { planDump, planRestore } from "./plan-postgres-tool.ts";

describe("a database's password is never on a command line, where every user of the machine reads it:", () => {
  it.each([
    ["postgresql://me:s%40crèt@db:5433/app?sslmode=require", "postgresql://me@db:5433/app?sslmode=require", "s@crèt"],
    ["postgres://me:a:b@db/app", "postgres://me@db/app", "a:b"],
    ["postgresql:///app?host=/run/pg&password=secret&user=me", "postgresql:///app?host=/run/pg&user=me", "secret"],
    ["postgresql://me@/app?host=/run/pg", "postgresql://me@/app?host=/run/pg", undefined],
    ["postgresql://me:x@one:1,two:2/app", "postgresql://me@one:1,two:2/app", "x"],
  ])("%s", (url, address, password) => {
    const { argv, environment } = planDump(url, "/to/a.dump", "main");
    expect(argv).toEqual(["pg_dump", "--format=custom", "--no-password", "--file=/to/a.dump", `--dbname=${address}`]);
    expect(environment.PGPASSWORD).toBe(password);
  });
});

it("a database is restored in one transaction, or not at all", () =>
  expect(planRestore("postgresql://db/app", "/a.dump", "main").argv).toEqual(
    expect.arrayContaining(["--single-transaction", "--exit-on-error", "--clean", "--if-exists"]),
  ));

it.each(["", "db", "mysql://x/y", "postgresql://me:%zz@db/app"])("what is no address is refused, without saying it again: %s", (url) => {
  try {
    planDump(url, "/a", "main");
    expect.unreachable();
  } catch (error) {
    expect(InstarError.is(error, "SETTINGS_INVALID")).toBe(true);
    expect(String(error)).not.toContain("%zz");
  }
});
