import type { Verdict as VerdictWord } from "@instar/protocol";

/** Never measured is not passed, and must not look like it: every verdict has a sign and a word of its own beside its colour. */
const SHOWN: Readonly<Record<VerdictWord, { readonly sign: string; readonly word: string; readonly tone: string }>> = {
  pass: { sign: "✓", word: "pass", tone: "good" },
  insufficient: { sign: "…", word: "not enough seen yet", tone: "wait" },
  nodata: { sign: "○", word: "never measured", tone: "none" },
  inconclusive: { sign: "?", word: "inconclusive", tone: "wait" },
  error: { sign: "!", word: "could not be asked", tone: "bad" },
  fail: { sign: "✕", word: "fail", tone: "bad" },
};

export function Verdict({ verdict }: { readonly verdict: VerdictWord }) {
  const { sign, word, tone } = SHOWN[verdict];
  return (
    <span className={`badge badge-${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
