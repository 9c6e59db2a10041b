export type SampleLabels = Readonly<Record<string, string>>;

/** One line of the Prometheus text format. @throws RangeError for a label's name that is none */
export function renderSample(name: string, labels: SampleLabels, value: number): string {
  const pairs = Object.entries(labels)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([label, text]) => {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) throw new RangeError(`${JSON.stringify(label)} is no name of a label`);
      return `${label}="${String(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
    });
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}
