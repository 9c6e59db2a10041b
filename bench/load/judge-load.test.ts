import { describe, expect, it } from "vitest";
import { judgeClose, judgeGet, judgePost, judgeStream, judgeWrites } from "./judge-load.ts";

const whole = (status: number, text: string) => ({ status, text, isWhole: true });

describe("an answer", () => {
  it("is good only with the right status and all its bytes", () => {
    expect(judgeGet(whole(200, "x".repeat(32)))).toBeUndefined();
    expect(judgeGet(whole(503, "x".repeat(32)))).toBe("status 503");
    expect(judgeGet({ ...whole(200, "x".repeat(32)), isWhole: false })).toBe("the answer broke off");
    expect(judgeGet(whole(200, "x".repeat(31)))).toContain("31 bytes");
  });
});

describe("an acknowledgement", () => {
  it("carries an id and says again what was written", () => {
    expect(judgePost(whole(201, '{"id":"7-1","echo":"a"}'), "a")).toBeUndefined();
    expect(judgePost(whole(201, '{"id":"7-1","echo":"b"}'), "a")).toBe("the acknowledgement of another write");
    expect(judgePost(whole(201, '{"echo":"a"}'), "a")).toBe("an acknowledgement without an id");
    expect(judgePost(whole(201, '{"id":"7-'), "a")).toBe("an acknowledgement without an id");
    expect(judgePost({ ...whole(201, '{"id":"7-1","echo":"a"}'), isWhole: false }, "a")).toBe("the acknowledgement broke off");
    expect(judgePost(whole(502, ""), "a")).toBe("status 502");
  });
});

describe("a stream", () => {
  it("is good where its end came, in either form", () => {
    expect(judgeStream(whole(200, "data: 1\n\nevent: end\ndata: end\n\n"))).toBeUndefined();
    expect(judgeStream(whole(200, "chunk 1 x\nend\n"))).toBeUndefined();
  });

  it("is cut where its end did not come, even if the connection ended well", () => {
    expect(judgeStream(whole(200, "data: 1\n\n"))).toBe("the stream was cut after 9 bytes");
    expect(judgeStream({ ...whole(200, "chunk 1 x\nend\n"), isWhole: false })).toContain("cut");
    expect(judgeStream(whole(200, ""))).toContain("cut after 0 bytes");
  });
});

describe("the end of a WebSocket", () => {
  it("is no failure where the client was told to come again, and one in every other case", () => {
    expect(judgeClose(1012)).toBe("told-to-reconnect");
    for (const code of [1000, 1001, 1005, 1006, 1011]) expect(judgeClose(code)).toBe(`closed with ${code}`);
  });
});

describe("writes", () => {
  it("are compared with what the agents wrote down", () => {
    expect(judgeWrites(["a", "b", "c"], ["a", "b"], ["a", "b", ""])).toEqual([]);
    expect(judgeWrites(["a", "b"], ["a", "b"], ["a"])).toEqual([{ of: "POST", because: "acknowledged and not done (b)" }]);
    expect(judgeWrites(["a", "b"], ["a"], ["a", "b", "b"])).toEqual([{ of: "POST", because: "done twice (b)" }]);
  });

  it("of other clients do not matter", () => {
    expect(judgeWrites(["a"], ["a"], ["z", "z", "a"])).toEqual([]);
  });
});
