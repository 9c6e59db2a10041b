/** Whether an operation is one of those that a token is limited to; `update.*` stands for every one of its group. */
export function isInScope(scope: readonly string[] | null, operation: string): boolean {
  return scope === null || scope.some((name) => name === operation || (name.endsWith(".*") && operation.startsWith(name.slice(0, -1))));
}
