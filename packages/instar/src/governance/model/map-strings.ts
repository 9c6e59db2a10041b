/** The same plain value with every string in it changed; names of fields stay. */
export function mapStrings<Value>(value: Value, change: (text: string) => string): Value {
  return walk(value, change) as Value;
}

function walk(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, change)]));
}
