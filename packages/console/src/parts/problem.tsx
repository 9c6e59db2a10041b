import { ERROR_CODES, InstarError } from "@instar/protocol";
import { Text } from "./text.tsx";

/** An error as a person needs it: what happened, what to do, why. It is read out at once. */
export function Problem({ error }: { readonly error: Error }) {
  const known = InstarError.is(error) ? error : undefined;
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  return (
    <div className="problem" role="alert">
      <p className="problem-title">{known === undefined ? "Something unexpected happened" : ERROR_CODES[known.code].title}</p>
      <p>
        <Text text={error.message} />
      </p>
      {known?.advice !== undefined && (
        <p>
          <strong>What to do:</strong> <Text text={known.advice} />
        </p>
      )}
      {cause !== undefined && (
        <p className="quiet">
          Because: <Text text={cause} />
        </p>
      )}
      {known !== undefined && <p className="problem-code">{known.code}</p>}
    </div>
  );
}
