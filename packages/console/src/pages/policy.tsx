import "./policy/policy.css";
import { useState } from "react";
import { PageHead } from "../parts/page-head.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { ExplainPolicies } from "./policy/explain-policies.tsx";
import { ShowPolicies } from "./policy/show-policies.tsx";
import { SimulatePolicies } from "./policy/simulate-policies.tsx";
import { TestPolicies } from "./policy/test-policies.tsx";

export function PolicyPage() {
  const [tab, setTab] = useState("show");
  return (
    <>
      <PageHead title="Policy">
        Which update may proceed, and who may do what. The files lie in the folder <code>policy</code> beside instar.yaml and are read at each decision; here
        they are looked at, tried, and written where <code>backup.config</code> lists them.
      </PageHead>
      <Tabs
        label="About the policies"
        selected={tab}
        onSelect={setTab}
        tabs={[
          { id: "show", label: "What holds", content: () => <ShowPolicies /> },
          { id: "simulate", label: "Try and change", content: () => <SimulatePolicies /> },
          { id: "explain", label: "Who may do what", content: () => <ExplainPolicies /> },
          { id: "test", label: "Tests", content: () => <TestPolicies /> },
        ]}
      />
    </>
  );
}
