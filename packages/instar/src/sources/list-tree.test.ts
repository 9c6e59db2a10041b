import { expect, test } from "vitest";
import type { GitMirror } from "./git-mirror.ts";
import { listTree } from "./list-tree.ts";

const OBJECT = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
const LINE = `100644 blob ${OBJECT}       3\ta\tb\nc\0`;
const said = (text: string) => listTree({ run: async () => ({ status: 0, stdout: Buffer.from(text), stderr: "" }) } as unknown as GitMirror, OBJECT);

test("a name may hold tabs and line feeds", async () =>
  expect(await said(LINE)).toEqual([{ path: "a\tb\nc", mode: 0o644, kind: "file", sizeBytes: 3, object: OBJECT }]));
test("a commit without files has none", async () => expect(await said("")).toEqual([]));

test.each([
  ["before its last zero byte", LINE.slice(0, -1)],
  ["before a name", `${LINE}${LINE.slice(0, 30)}`],
  ["before a name, and goes on", `${LINE.slice(0, 30)}\0${LINE}`],
])("what is cut off %s is a failure, and is not read for ever", (_, text) => expect(said(text)).rejects.toMatchObject({ code: "PLATFORM_FAILED" }));
