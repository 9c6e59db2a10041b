export * from "./error-codes.ts";
export * from "./instar-error.ts";
