/** @param result plain JSON */
export function sayResult(result: Readonly<Record<string, unknown>>): void;
