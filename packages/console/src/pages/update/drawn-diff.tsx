import { useQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode, useMemo } from "react";
import { Diff, Hunk, type HunkData, markEdits, parseDiff, type TokenNode, tokenize } from "react-diff-view";
import "react-diff-view/style/index.css";
import { Code } from "../../parts/code.tsx";
import { Text } from "../../parts/text.tsx";
import { bringLanguage, languageOf } from "./highlight.ts";
import { canBeDrawn, canBeHighlighted } from "./measure-diff.ts";
import "./diff.css";

interface DrawnDiffProps {
  readonly path: string;
  /** Hunks alone. */
  readonly text: string;
  readonly way: "split" | "unified";
}

/** Hunks side by side or inline, with what changed within a line marked. What a candidate wrote is text in every piece of it. */
export function DrawnDiff({ path, text, way }: DrawnDiffProps) {
  const hunks = useMemo(() => parseHunks(text), [text]);
  const language = canBeHighlighted(text) ? languageOf(path) : undefined;
  const { data: refractor } = useQuery({
    queryKey: ["language", language],
    queryFn: () => bringLanguage(language ?? ""),
    enabled: language !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isDrawn = canBeDrawn(hunks);
  const tokens = useMemo(() => (isDrawn ? markHunks(hunks, language, refractor) : null), [hunks, isDrawn, language, refractor]);
  if (text.trim() === "") return <p className="quiet diff-left-out">No line changed: only its name or mode did.</p>;
  if (tokens === null) return <Code label="Differences" text={text} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={`diff-scroll diff-${way}`} aria-label="Differences" tabIndex={0}>
      <Diff viewType={way} diffType="modify" hunks={[...hunks]} tokens={tokens} renderToken={renderToken} optimizeSelection>
        {(shown: HunkData[]) => shown.map((hunk) => <Hunk key={hunk.content} hunk={hunk} />)}
      </Diff>
    </section>
  );
}

/** The heads are ours: a path of a candidate's has no place among what is parsed. */
function parseHunks(text: string): readonly HunkData[] {
  const [file] = parseDiff(`diff --git a/file b/file\n--- a/file\n+++ b/file\n${text}`);
  return file?.hunks ?? [];
}

function markHunks(hunks: readonly HunkData[], language: string | undefined, refractor: Awaited<ReturnType<typeof bringLanguage>> | undefined) {
  const enhancers = [markEdits([...hunks], { type: "block" })];
  if (language === undefined || refractor === undefined) return tokenize([...hunks], { enhancers });
  return tokenize([...hunks], { highlight: true, refractor, language, enhancers });
}

/** Every piece is drawn by us, however deep it lies: what draws differences would put text on the page as it is. */
function renderToken(token: TokenNode, _: unknown, index: number): ReactNode {
  const text = typeof token.value === "string" && token.value !== "" ? <Text text={token.value} /> : null;
  if (token.type === "text") return <Fragment key={index}>{text}</Fragment>;
  return (
    <span key={index} className={classOf(token)}>
      {text ?? token.children?.map((child, at) => renderToken(child, _, at))}
    </span>
  );
}

function classOf({ type, className, properties }: TokenNode): string {
  if (type === "edit") return "diff-code-edit";
  return [className ?? properties?.className ?? ""].flat().join(" ");
}
