export * from "./crash-points.ts";
export * from "./describe-sandbox-contract.ts";
export * from "./describe-step-contract.ts";
export * from "./find-free-port.ts";
export * from "./seed-random.ts";
export * from "./simulated-clock.ts";
export * from "./simulated-world.ts";
