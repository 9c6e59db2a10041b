import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLedgerTrust } from "../../data/use-ledger.ts";
import { useOperation } from "../../data/use-operation.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { When } from "../../parts/when.tsx";
import type { Alarm } from "../../proofs/follow-ledger.ts";
import { forgetLedger } from "../../proofs/remember-ledger.ts";

const ALARMS: Readonly<Record<Alarm["how"], string>> = {
  "key-changed": "The ledger's key is another one",
  "went-back": "The ledger was put back",
  split: "The ledger tells two stories",
  unsigned: "The ledger's head is not signed by its key",
};

/** Whether this is the ledger that this browser knows, checked here; and, on demand, whether the machine finds it whole. */
export function LedgerTrust() {
  const { data, error } = useLedgerTrust();
  return (
    <>
      {data?.kind === "alarm" && <LedgerAlarm alarm={data} />}
      <Card
        title="Signed head"
        aside={data !== undefined && <Verdict verdict={data.kind === "verified" ? "pass" : data.kind === "alarm" ? "fail" : "nodata"} />}
      >
        {error !== null && <Problem error={error} />}
        {data === undefined && error === null && <p className="quiet">Checking the signature in this browser…</p>}
        {data?.kind === "uncheckable" && <p>Not verified here: {data.because}. `instar audit verify` on the machine, or the exported verifier, can.</p>}
        {data?.kind === "verified" && (
          <>
            <p>
              Verified in this browser: <Text text={data.because} />.
            </p>
            <Facts
              facts={[
                ["Signed entries", data.checkpoint.size],
                ["Remembered since", <When key="since" at={data.keep.firstAt} />],
                ["Key", <Code key="key" text={data.keep.key} />],
              ]}
            />
          </>
        )}
        <WholeLedger />
      </Card>
    </>
  );
}

/** Loud, and it stays: nothing here may be believed until a person has looked. */
function LedgerAlarm({ alarm }: { readonly alarm: Alarm }) {
  const [isSure, setSure] = useState(false);
  const queries = useQueryClient();
  const trustAnew = () => {
    forgetLedger();
    void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "audit.checkpoint" });
  };
  return (
    <div className="problem ledger-alarm" role="alert">
      <p className="problem-title">{ALARMS[alarm.how]}</p>
      <p>
        <Text text={alarm.because} />
      </p>
      <p>
        <strong>What to do:</strong> believe nothing that this ledger says until you know why. Keep the data folder as it is, compare it with a copy and with a
        checkpoint that was kept elsewhere (`instar audit compare`), and ask whoever could write there.
      </p>
      {isSure ? (
        <div className="row">
          <span>This browser forgets what it saw, and takes the next sight for the first.</span>
          <Button tone="danger" onPress={trustAnew}>
            Forget and trust what is there now
          </Button>
          <Button onPress={() => setSure(false)}>Leave it</Button>
        </div>
      ) : (
        <Button onPress={() => setSure(true)}>I know why: trust it anew…</Button>
      )}
    </div>
  );
}

/** Reads every entry, so only when somebody wants it. */
function WholeLedger() {
  const [isAsked, setAsked] = useState(false);
  const { data, error, isFetching, refetch } = useOperation("audit.verify", {}, { enabled: isAsked });
  return (
    <div className="row after-table">
      <Button isDisabled={isFetching} onPress={() => (isAsked ? void refetch() : setAsked(true))}>
        {isFetching ? "Reading every entry…" : "Have the machine read all of it"}
      </Button>
      <span role="status">{data !== undefined && !isFetching && `Intact: ${data.because}.`}</span>
      {error !== null && <Problem error={error} />}
    </div>
  );
}
