import { BODIES } from "./cases/bodies.testing.ts";
import { BROKEN } from "./cases/broken.testing.ts";
import type { FrontCase } from "./cases/front-case.testing.ts";
import { HEADS } from "./cases/heads.testing.ts";
import { REFUSALS } from "./cases/refusals.testing.ts";
import { STREAMS } from "./cases/streams.testing.ts";
import { UPGRADES } from "./cases/upgrades.testing.ts";

/** Every case that clients meet at the front. */
export const FRONT_CASES: readonly FrontCase[] = [...BODIES, ...HEADS, ...STREAMS, ...UPGRADES, ...BROKEN, ...REFUSALS];
