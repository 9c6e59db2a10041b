import type { ReactNode } from "react";

/** Terms and what they are here. What is null is left out; what is unknown is to be said. */
export function Facts({ facts }: { readonly facts: readonly (readonly [term: string, value: ReactNode] | null)[] }) {
  return (
    <dl className="facts">
      {facts.map((fact) =>
        fact === null || fact[1] === null || fact[1] === undefined ? null : (
          <div key={fact[0]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
