import { describe, expect, it } from "vitest";
import { type Failed, planRetry } from "./plan-retry.ts";

describe("a call that came to nothing", () => {
  it.each<[string, Failed["kind"], boolean, number, string]>([
    ["nothing was sent: made again, whatever it is", "unreached", false, 0, "again"],
    ["no door yet: made again", "no-door", false, 0, "again"],
    ["the answer to a question was lost: asked again", "lost", true, 1, "again"],
    ["it was lost three times: no more", "lost", true, 3, "give-up"],
    ["the answer to a command was lost: it may have been done", "lost", false, 1, "give-up"],
    ["the token is wrong: not shown there again", "unauthorized", false, 0, "at-another-door"],
    ["somebody else answers a question: asked at another door", "strange", true, 0, "at-another-door"],
    ["somebody else answers a command: it may have been done", "strange", false, 0, "give-up"],
  ])("%s", (_, kind, isRepeatable, losses, wanted) => expect(planRetry({ kind, isRepeatable, losses })).toBe(wanted));
});
