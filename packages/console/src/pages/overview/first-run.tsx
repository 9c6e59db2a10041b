import type { StatusView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Text } from "../../parts/text.tsx";

/** Nothing has run yet: what happens by itself, and what is a person's to do. */
export function FirstRun({ status }: { readonly status: StatusView }) {
  const [source] = status.sources;
  return (
    <Card title="The first version">
      <p>Nothing has run here yet. This is what comes next:</p>
      <ol className="first-run">
        <li className={source === undefined ? "" : "is-done"}>
          {source === undefined ? (
            <>
              Name a source in <code>instar.yaml</code>: where versions of the agent come from.
            </>
          ) : (
            <>
              The source is <Text text={`${source.id}: ${source.address}`} />.
            </>
          )}
        </li>
        <li>
          {source?.failing == null ? (
            "Instar looks there by itself. The first version begins without being asked; it needs no approval, since nothing runs that it could harm."
          ) : (
            <>
              It cannot be read yet: <Text text={source.failing} />. Mend that; Instar tries again by itself.
            </>
          )}
        </li>
        <li>It is built, tested and started. You see its steps here as they happen.</li>
        <li>
          Then decide who may do what: <Link to="/people">make tokens</Link>, and <Link to="/policy">say which updates want a person</Link>.
        </li>
      </ol>
      <p className="quiet">
        If nothing happens: <Code text="instar doctor" /> or the page <Link to="/doctor">Doctor</Link> say why. The <Link to="/guide">guide</Link> has the rest.
      </p>
    </Card>
  );
}
