import type { OperationName } from "@instar/protocol";
import type { AskedOf } from "../data/ask.ts";
import { useOperation } from "../data/use-operation.ts";
import { Card } from "./card.tsx";
import { Code } from "./code.tsx";
import { Problem } from "./problem.tsx";

/** An operation's answer as it is, where no page tells it better. */
export function Answer<Name extends OperationName>({
  operation,
  input,
  title,
}: {
  readonly operation: Name;
  readonly input: AskedOf<Name>;
  readonly title: string;
}) {
  const { data, error } = useOperation(operation, input);
  return (
    <Card title={title}>
      {error !== null && <Problem error={error} />}
      {data === undefined && error === null && <p className="quiet">Asking…</p>}
      {data !== undefined && <Code label={title} text={JSON.stringify(data, undefined, 2)} />}
    </Card>
  );
}
