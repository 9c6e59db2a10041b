import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpFace, serveHttp } from "../../instar/src/faces/http/serve-http.ts";
import { connect } from "./connect.ts";

let folder: string;
let door: string;
let face: HttpFace;
const implementations = {
  "task.remove": async () => {
    throw new InstarError("NOT_FOUND", "there is no task look", { advice: "`instar task list` shows all." });
  },
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-sdk-face-"));
  door = join(folder, "door.json");
  face = await serveHttp({
    admit: async (token) => {
      if (token !== "right") throw new InstarError("UNAUTHORIZED", "the token is missing or wrong");
      return { name: "self", role: "agent", token: null, scope: null };
    },
    assertMay: async () => undefined,
    implement: () => implementations as never,
  });
});
afterEach(async () => {
  await face.close();
  rmSync(folder, { recursive: true });
});
const writeDoor = (token: string) => writeFileSync(door, JSON.stringify({ url: `http://127.0.0.1:${face.port}`, token }));

describe("the daemon's own face", () => {
  it("says no in a way that this SDK understands", async () => {
    writeDoor("right");
    await expect(connect({ door }).removeTask("look")).rejects.toMatchObject({ code: "NOT_FOUND", message: "there is no task look", operation: "task.remove" });
    await expect(connect({ door }).scheduleTask({ name: "NO", type: "message" })).rejects.toMatchObject({ code: "INPUT_INVALID", status: 400 });
    writeDoor("wrong");
    await expect(connect({ door, patienceMs: 20 }).why()).rejects.toMatchObject({ code: "UNAUTHORIZED", status: 401 });
  });

  it("tells an operation that it does not have from a thing that is not there", async () => {
    writeDoor("right");
    const answer = await fetch(`http://127.0.0.1:${face.port}/v1/task/forget`, { method: "POST", headers: { authorization: "Bearer right" } });
    // What judge-reply.ts knows it by.
    expect(await answer.json()).toMatchObject({ code: "NOT_FOUND", detail: expect.stringContaining("POST /v1/task/forget") });
  });
});
