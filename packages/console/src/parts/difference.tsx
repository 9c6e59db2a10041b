import "./difference.css";
import { classifyLine } from "./classify-difference.ts";
import { Text } from "./text.tsx";

/** What an edit changes in a file, line by line: added, removed, another value. Signs tell as much as colours. */
export function Difference({ label, lines }: { readonly label: string; readonly lines: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className="difference" aria-label={label} tabIndex={0}>
      {lines.map((line, at) => {
        const { kind, text, before, after } = classifyLine(line);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and a new difference is drawn anew.
          <p key={at} className={`difference-line difference-${kind}`}>
            {kind === "changed" ? (
              <>
                <Text text={text} />{" "}
                <del>
                  <Text text={before} />
                </del>{" "}
                <span aria-hidden="true">→</span>{" "}
                <ins>
                  <Text text={after} />
                </ins>
              </>
            ) : (
              <Text text={text} />
            )}
          </p>
        );
      })}
    </section>
  );
}
