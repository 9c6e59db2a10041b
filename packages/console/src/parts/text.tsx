import { Fragment } from "react";
import { findHidden } from "./find-hidden.ts";

/** Text that others wrote: never markup, in its own direction, and what a reader would not see is made visible. */
export function Text({ text }: { readonly text: string }) {
  return (
    <bdi>
      {findHidden(text).map((piece) =>
        piece.kind === "text" ? (
          <Fragment key={piece.at}>{piece.text}</Fragment>
        ) : (
          <span key={piece.at} className="hidden-character" title={piece.name}>
            {piece.code}
          </span>
        ),
      )}
    </bdi>
  );
}
