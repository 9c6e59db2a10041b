import type { UpdateView } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Pipeline } from "../../parts/pipeline.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { Conditions } from "./conditions.tsx";

export function AboutTab({ update }: { readonly update: UpdateView }) {
  return (
    <div className="two">
      <Card title="Steps">
        <Pipeline update={update} />
      </Card>
      <div>
        <Card title="What it is">
          <Facts
            facts={[
              ["Update", <Code key="id" text={update.id} />],
              ["Changes", update.kind],
              ["From", <Text key="from" text={update.versionFrom ?? "nothing"} />],
              ["To", <Text key="to" text={update.versionTo} />],
              ["Commit", <Code key="commit" text={update.commit} />],
              ["Release", update.releaseTo === null ? "not made yet" : <Code key="release" text={update.releaseTo} />],
              ["Who vouches for it", <Origin key="origin" update={update} />],
              ["The exchange took", update.exchangeMs === null ? null : renderDuration(update.exchangeMs)],
              ["Going back took", update.rollbackMs === null ? null : renderDuration(update.rollbackMs)],
              ["Error", update.code === null ? null : <Code key="code" text={update.code} />],
            ]}
          />
        </Card>
        <Conditions update={update} />
      </div>
    </div>
  );
}

function Origin({ update: { origin } }: { readonly update: UpdateView }) {
  if (origin === null) return <>nothing was brought from a source</>;
  return (
    <>
      {origin.kind === "none" ? "nobody" : origin.kind}
      {origin.by !== null && (
        <>
          {" by "}
          <Text text={origin.by} />
        </>
      )}
      : <Text text={origin.because} />
    </>
  );
}
