import { CODE, ToldLedger } from "./tell-ledger.testing.ts";

/** What a candidate, an upstream or a caller may put into words of theirs. */
export const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</title></style></svg><script>1</script>",
  "&lt;b&gt; &amp; <b>",
  "`$\u007balert(1)}`",
  "javascript:alert(1)",
  '=HYPERLINK("http://x.invalid","click")',
  "+1+cmd|' /C calc'!A0",
  "-2+3",
  "@SUM(1)",
  "\t=1+1",
  "\r\n=1+1",
  "\uff1d1+1",
  'a,b\r\nc,"d"',
  "safe\u202etxt.exe\u2066\u2069\u200f\u061c",
  "\u0000\u0007\u001b[31mred\u009b",
  "half a letter: \ud83d",
  "proofs/../../etc/passwd",
  "x".repeat(10_000),
] as const;

/** Each text in every place that somebody else's text comes to: versions, names, words, codes, and an update of its own. */
export function tellHostile(): ToldLedger {
  const told = new ToldLedger("2026-03-02T00:00:00.000Z");
  for (const text of HOSTILE) {
    told.detect(text, text).begin(text, CODE, { versionFrom: text, versionTo: text, actor: { type: "user", id: text }, commit: text });
    told.done(text, ["analyse"], { analyse: { updateType: "security", risk: text } });
    told.done(text, ["decide"], { decide: { comesTo: text, decision: text } });
    told.done(text, ["rehearse", "validate"], { rehearse: { rehearsalVerdict: text, rehearsalBecause: text }, validate: { tests: text, testsBecause: text } });
    told.write(text, { kind: "approved", approval: { by: text, token: null, role: "", digest: "", policy: "", because: text, untilTickMs: 0, untilAt: "" } });
    told.done(text, ["switch"]).write(text, { kind: "failed", step: "watch", code: text as "MISBEHAVED", because: text, transient: false });
    told.write(text, { kind: "undoing", step: "switch" }).write(text, { kind: "undone", step: "switch", gives: {} });
    told.write(text, { kind: "ended", outcome: "rolled-back", because: text }, { digest: text }).after(3_600_000);
    told.begin(`refused ${text}`).write(`refused ${text}`, { kind: "failed", step: text, code: "BUILD_FAILED", because: text, transient: false });
    told.write(`refused ${text}`, { kind: "ended", outcome: "refused", because: text });
  }
  return told;
}
