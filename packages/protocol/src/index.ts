export * from "./error-codes.ts";
export * from "./events.ts";
export * from "./impact.ts";
export * from "./instar-error.ts";
export * from "./operations.ts";
export * from "./update.ts";
