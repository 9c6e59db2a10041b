// The candidate's tests.
import { readFileSync } from "node:fs";

const { kind } = JSON.parse(readFileSync(new URL("./behaviour.json", import.meta.url), "utf8"));
if (kind === "fails-tests") process.exit(1);
if (kind === "slow-tests") setTimeout(() => {}, 20_000);
