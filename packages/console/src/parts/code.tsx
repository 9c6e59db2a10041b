import { Text } from "./text.tsx";

/** A name, a digest, a command in a line; or, as a block, a text of several lines that can be scrolled by keyboard. */
export function Code({ text, label }: { readonly text: string; readonly label?: string }) {
  if (label === undefined)
    return (
      <code className="code">
        <Text text={text} />
      </code>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className="code-block" aria-label={label} tabIndex={0}>
      <pre>
        <Text text={text} />
      </pre>
    </section>
  );
}
