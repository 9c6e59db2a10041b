import type { ReactNode } from "react";
import { Tabs as AriaTabs, type Key, Tab, TabList, TabPanel } from "react-aria-components/Tabs";

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly { readonly id: string; readonly label: string; readonly content: () => ReactNode }[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

/** Only the open one is drawn, and so only what it shows is asked. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps) {
  return (
    <AriaTabs className="tabs" selectedKey={selected} onSelectionChange={(key: Key) => onSelect(String(key))} keyboardActivation="manual">
      <TabList className="tab-list" aria-label={label}>
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className="tab">
            {tab.label}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id} className="tab-panel">
          {tab.id === selected && tab.content()}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
