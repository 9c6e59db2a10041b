import "./people/people.css";
import { type OutputOf, ROLES, type Role, type TokenView } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../data/use-operation.ts";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { announce } from "../parts/announcer.tsx";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { Facts } from "../parts/facts.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { PasskeysCard } from "../passkeys/passkeys-card.tsx";

const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: "looks at everything, and changes nothing",
  operator: "runs it: starts, stops, holds and takes back updates, backups and settings; answers for none that waits for approval",
  approver: "looks, and gives the word on updates that wait for one",
  admin: "everything, and who else may do what",
  agent: "the kept agent itself: looks and proposes; it never approves, whatever a policy says",
};

const STATES: Readonly<Record<TokenView["state"], readonly [tone: string, word: string]>> = {
  living: ["good", "✓ works"],
  expired: ["none", "– expired"],
  revoked: ["bad", "✕ revoked"],
  unsure: ["wait", "? the clock is behind"],
};

type Made = OutputOf<"token.create">;

export function PeoplePage() {
  const me = useOperation("whoami", {});
  const mayList = me.data?.mayDo.includes("token.list") ?? false;
  const [made, setMade] = useState<Made | null>(null);
  return (
    <>
      <PageHead title="People and tokens" actions={<MakeToken onMade={setMade} />}>
        Whoever does something here does it by a token, under a name, with a role. What was done is on the ledger under that name.
      </PageHead>
      {made !== null && <Secret made={made} onKept={() => setMade(null)} />}
      {me.error !== null && <Problem error={me.error} />}
      {me.data !== undefined && (
        <Card title="You">
          <Facts
            facts={[
              ["Name", <Text key="name" text={me.data.name} />],
              ["Role", `${me.data.role}: ${ROLE_WORDS[me.data.role]}`],
              ["Because", <Text key="because" text={me.data.because} />],
              me.data.scope === null ? null : ["Limited to", <Text key="scope" text={me.data.scope.join(", ")} />],
            ]}
          />
        </Card>
      )}
      <PasskeysCard />
      <Card title="Tokens">
        {mayList && <Tokens />}
        {me.data !== undefined && !mayList && (
          <EmptyState title="Only an admin sees who has tokens">
            Your role here is {me.data.role}. Whoever runs Instar can give you another: `instar token create`.
          </EmptyState>
        )}
      </Card>
      <Card title="What the roles may">
        <dl className="roles">
          {ROLES.map((role) => (
            <div key={role}>
              <dt>{role}</dt>
              <dd>{ROLE_WORDS[role]}</dd>
            </div>
          ))}
        </dl>
        <p className="quiet">Policies of your own can give a role less or more; Policy shows what each may do now.</p>
      </Card>
    </>
  );
}

function Tokens() {
  const { data, error, isPending } = useOperation("token.list", {});
  if (error !== null) return <Problem error={error} />;
  if (isPending) return <p className="quiet">Reading the tokens…</p>;
  return (
    <DataTable
      label="All tokens"
      rows={data.tokens}
      keyOf={({ id }) => id}
      columns={[
        { id: "name", title: "Name", cell: ({ name }) => <Text text={name} /> },
        { id: "role", title: "Role", cell: ({ role, scope }) => (scope === null ? role : <Text text={`${role}, only ${scope.join(", ")}`} />) },
        { id: "state", title: "State", cell: ({ state }) => <span className={`badge badge-${STATES[state][0]}`}>{STATES[state][1]}</span> },
        { id: "until", title: "Until", isSecondary: true, cell: ({ expiresAt }) => <When at={expiresAt} none="for ever" /> },
        { id: "used", title: "Used last", isSecondary: true, cell: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
        { id: "by", title: "Made by", isSecondary: true, cell: ({ createdBy }) => <Text text={createdBy} /> },
        { id: "end", title: "End it", cell: (token) => (token.state === "revoked" ? <span className="quiet">ended</span> : <Revoke token={token} />) },
      ]}
      empty={
        <EmptyState title="No token was made yet">Make one for each person, and one for the agent if it may look and propose. Nobody shares one.</EmptyState>
      }
    />
  );
}

function Revoke({ token }: { readonly token: TokenView }) {
  return (
    <ActionDialog
      operation="token.revoke"
      label={`Revoke ${token.name}…`}
      title={`Revoke the token of ${token.name}`}
      confirm="Revoke it"
      isDangerous
      says={
        <p>
          It opens nothing from that moment on, sessions of this console that were begun with it end, and approvals that were given with it no longer count. It
          cannot be taken back; a new one can be made.
        </p>
      }
      input={() => ({ token: token.id })}
      done={({ name }) => `The token of ${name} is revoked.`}
    />
  );
}

function MakeToken({ onMade }: { readonly onMade: (made: Made) => void }) {
  return (
    <ActionDialog
      operation="token.create"
      label="Make a token…"
      title="Make a token"
      confirm="Make it"
      tone="primary"
      says={<p>Its secret is shown once, on this page, and kept nowhere: whoever loses it gets another. It is on the ledger that you made it.</p>}
      fields={[
        {
          name: "name",
          label: "Whose it is",
          kind: "line",
          isRequired: true,
          help: "What is done with it is recorded under this name. For an author, the name or address in his commits.",
        },
        {
          name: "role",
          label: "Role",
          kind: "choice",
          initial: "viewer",
          choices: ROLES.map((role) => ({ value: role, label: `${role}: ${ROLE_WORDS[role]}` })),
        },
        { name: "expires", label: "How long it works", kind: "line", initial: "90d", help: "30d, 2027-01-31T12:00Z, or never" },
        { name: "scope", label: "Only these operations", kind: "line", help: "Divided by commas: update.check,update.apply or update.*" },
      ]}
      input={({ name = "", role, expires, scope }) => ({
        name: name.trim(),
        role: ROLES.find((each) => each === role) ?? "viewer",
        ...(expires?.trim() ? { expires: expires.trim() } : {}),
        ...(scope?.trim() ? { scope: scope.trim() } : {}),
      })}
      done={(made) => {
        onMade(made);
        return `The token of ${made.name} is made; its secret is on the page.`;
      }}
    />
  );
}

/** This once. It is gone with the page, or as soon as somebody says that it is kept. */
function Secret({ made, onKept }: { readonly made: Made; readonly onKept: () => void }) {
  const copy = () =>
    navigator.clipboard.writeText(made.secret).then(
      () => announce("The secret is copied."),
      () => announce("The browser did not let it be copied: mark it and copy it yourself."),
    );
  return (
    <Card title={`The secret of ${made.name}`}>
      <p>It is shown this once. Put it where only {made.name} can read it; there is no way to see it again.</p>
      <label className="field">
        <span className="field-label">Secret</span>
        <input className="secret" readOnly value={made.secret} onFocus={(event) => event.target.select()} />
      </label>
      <div className="row after-table">
        <Button tone="primary" onPress={() => void copy()}>
          Copy it
        </Button>
        <Button onPress={onKept}>I have kept it: take it from the page</Button>
      </div>
    </Card>
  );
}
