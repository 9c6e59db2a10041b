import "./settings/settings.css";
import type { SettingsView } from "@instar/protocol";
import { useEffect, useId, useState } from "react";
import { useOperation } from "../data/use-operation.ts";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { ChangeSetting } from "./settings/change-setting.tsx";
import { findSettings } from "./settings/find-settings.ts";
import { SettingChanges } from "./settings/setting-changes.tsx";

/** What instar.yaml says and what holds where it says nothing; changed with a look at the difference, and taken back. */
export function SettingsPage() {
  const { data, error, isPending } = useOperation("settings.show", {});
  const [words, setWords] = useState("");
  const [isWrittenOnly, setWrittenOnly] = useState(false);
  const id = useId();
  const sections = data === undefined ? [] : findSettings(data.sections, words, isWrittenOnly);
  return (
    <>
      <PageHead title="Settings">What instar.yaml says, and what holds where it says nothing.</PageHead>
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading instar.yaml…</p>}
      {data !== undefined && (
        <>
          <File view={data} />
          <SettingChanges />
          <div className="filters settings-search">
            <div className="field">
              <label htmlFor={id}>
                <span className="field-label">Look for</span>
              </label>
              <input id={id} type="search" autoComplete="off" value={words} onChange={(event) => setWords(event.target.value)} />
            </div>
            <div className="field">
              <label className="field-check">
                <input type="checkbox" checked={isWrittenOnly} onChange={(event) => setWrittenOnly(event.target.checked)} /> Only what is written
              </label>
            </div>
          </div>
          {sections.length === 0 && (
            <Card>
              <EmptyState title="No setting is called so">Take a word away, or look for another.</EmptyState>
            </Card>
          )}
          {sections.map((section) => (
            <Section key={section.section} section={section} view={data} isOpen={words !== "" || isWrittenOnly} />
          ))}
        </>
      )}
    </>
  );
}

function File({ view }: { readonly view: SettingsView }) {
  return (
    <Card title="instar.yaml">
      <p>
        <Code text={view.path} />
      </p>
      {view.problem !== null && <p className="problem-line">Instar would not start with it: {view.problem}</p>}
      {view.problem === null && !view.isInForce && (
        <p className="settings-later">
          <strong>It was changed since Instar started</strong>, and counts from its next start: <Code text="instar down --keep-agent && instar up" />. The agent
          runs on.
        </p>
      )}
      {view.isInForce && <p>Instar runs by it as it stands.</p>}
      {!view.edit.isPossible && (
        <EmptyState title="Settings can only be looked at here">
          <Text text={view.edit.because} />. Write that into the file yourself, once: whoever can change this file decides what is tested and who is asked.
        </EmptyState>
      )}
    </Card>
  );
}

interface SectionProps {
  readonly section: SettingsView["sections"][number];
  readonly view: SettingsView;
  readonly isOpen: boolean;
}

function Section({ section: { section, describe, settings }, view, isOpen }: SectionProps) {
  const written = settings.filter(({ isWritten }) => isWritten).length;
  const [isShown, setShown] = useState(isOpen);
  useEffect(() => setShown(isOpen), [isOpen]);
  return (
    <details className="card settings-section" open={isShown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
      <summary>
        <h2>{section}</h2>
        <span className="quiet">
          {written === 0 ? "as it is by itself" : `${written} written`}, {settings.length} in all
        </span>
      </summary>
      <p className="quiet">
        <Text text={describe} />
      </p>
      <ul className="plain-list settings-list">
        {(isShown ? settings : []).map((setting) => (
          <li key={setting.pointer} className="setting">
            <div>
              <p>
                <Code text={setting.pointer} /> {setting.isWritten && <span className="badge badge-live">written</span>}
              </p>
              {setting.describe !== "" && (
                <p className="quiet">
                  <Text text={setting.describe} />
                </p>
              )}
            </div>
            <Value value={setting.value} />
            <ChangeSetting setting={setting} view={view} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span className="quiet">not set</span>;
  return <Code text={typeof value === "string" ? value : JSON.stringify(value)} />;
}
