import { planConsolePath } from "../../../packages/instar/src/faces/console/plan-console-path.ts";
import { planCookieEnds, readPapers } from "../../../packages/instar/src/faces/console/session-papers.ts";
import { assertHolds, type FuzzTarget, seedOf, textOf } from "../fuzz-target.ts";

const TAG = "0123abcd";
const COOKIE = `instar_console_${TAG}_abcdefgh=${"c".repeat(43)}`;
const PAPERS = [
  `abcdefgh.${"s".repeat(43)}\n${COOKIE}; other=x; instar_console_00000000_a=b`,
  `a.b.c\n${Array.from({ length: 30 }, (_, index) => `instar_console_${TAG}_s${index}=v`).join("; ")}`,
];
const PATHS = [
  "/console/assets/index-CKGyGgIO.js",
  "/console/updates/9demvje7?tab=diff",
  "/console/%2e%2e%2fsecret.txt",
  "/console/..%5c.git/x.json",
  "/console",
];

/** What anybody who can reach the port may write into an address or a header. None of these throws. */
export const CONSOLE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "console-path",
    seeds: PATHS.map(seedOf),
    parse: (bytes) => {
      const place = planConsolePath(textOf(bytes));
      if (place.kind === "nothing") return;
      const isPlain = place.parts.every((part) => /^[A-Za-z0-9_$-][A-Za-z0-9_$.-]*$/.test(part));
      assertHolds(place.parts.length > 0 && isPlain, "what is served has a plain name, with no dot in front");
    },
  },
  {
    name: "console-papers",
    seeds: PAPERS.map(seedOf),
    parse: (bytes) => {
      const [secret, ...cookie] = textOf(bytes).split("\n");
      const papers = readPapers(TAG, secret, cookie.join("\n"));
      if (papers !== null)
        assertHolds(
          [papers.id, papers.secret, papers.cookie].every((part) => typeof part === "string"),
          "papers are texts",
        );
      for (const name of planCookieEnds(TAG, cookie.join("\n")))
        assertHolds(
          name.startsWith(`instar_console_${TAG}_`) && /^\w+$/.test(name),
          "only a cookie of this instance is taken away, and its name ends no header",
        );
    },
  },
];
