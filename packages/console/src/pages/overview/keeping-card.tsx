import type { StatusView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { useOperation } from "../../data/use-operation.ts";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Facts } from "../../parts/facts.tsx";
import { renderCount } from "../../parts/render-number.ts";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";

/** Who keeps it, how old and new change places, who may do what, and how far the record holds. */
export function KeepingCard({ status }: { readonly status: StatusView }) {
  const { running, keeper, exchange, access, ledger } = status;
  return (
    <Card title="How it is kept">
      <Facts
        facts={[
          [
            "Keeper",
            running.keeper ? (
              <>
                runs
                {keeper !== null && (
                  <>
                    , started <When at={keeper.startedAt} />
                  </>
                )}
              </>
            ) : (
              "does not answer"
            ),
          ],
          ["Exchange", <Text key="exchange" text={`${exchange.strategy}: ${exchange.because}`} />],
          ["Own door", <Text key="door" text={`${access.door}: ${access.because}`} />],
          ["Ledger", <Ledger key="ledger" ledger={ledger} />],
        ]}
      />
    </Card>
  );
}

function Ledger({ ledger }: { readonly ledger: StatusView["ledger"] }) {
  const { data: checkpoint } = useOperation("audit.checkpoint", {});
  return (
    <>
      {ledger.trouble === null ? (
        <>{renderCount(ledger.length)} entries</>
      ) : (
        <span className="problem-line">
          <Text text={ledger.trouble} />
        </span>
      )}
      {checkpoint !== undefined && <SignedUpTo checkpoint={checkpoint} length={ledger.length} />} · <Link to="/ledger">verify it here</Link>
      <div className="quiet">
        Head <Code text={ledger.head.slice(0, 16)} />
      </div>
    </>
  );
}

function SignedUpTo({ checkpoint, length }: { readonly checkpoint: { readonly size: number }; readonly length: number }) {
  return <>, signed up to {checkpoint.size >= length ? "the newest" : `entry ${renderCount(checkpoint.size)}`}</>;
}
