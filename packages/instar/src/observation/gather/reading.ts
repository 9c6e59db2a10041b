/** What a source says in one span: a value, or why there is none. Silence is never a zero. */
export type Reading<Value> = { readonly kind: "value"; readonly value: Value } | { readonly kind: "silent"; readonly because: string };

export const heard = <Value>(value: Value): Reading<Value> => ({ kind: "value", value });
export const silent = (because: string): { readonly kind: "silent"; readonly because: string } => ({ kind: "silent", because });
