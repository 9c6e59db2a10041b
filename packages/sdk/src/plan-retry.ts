export interface Failed {
  readonly kind: "no-door" | "unreached" | "lost" | "unauthorized" | "strange";
  /** Twice is the same as once. */
  readonly isRepeatable: boolean;
  /** How many answers of this call were lost before. */
  readonly losses: number;
}

/** again: after a pause, at whatever door there is then. at-another-door: once the door file says something else; until then nobody is asked. */
export type Retry = "again" | "at-another-door" | "give-up";

/** A daemon that breaks off the same answer so often breaks over it. */
const MOST_LOSSES = 3;

/** What can be done about a call that came to nothing. What may have been done is never done a second time. */
export function planRetry({ kind, isRepeatable, losses }: Failed): Retry {
  switch (kind) {
    case "no-door":
    case "unreached":
      return "again";
    case "lost":
      return isRepeatable && losses < MOST_LOSSES ? "again" : "give-up";
    case "unauthorized":
      // The port may be another program's since the daemon went. Showing a wrong token again and again makes a daemon refuse for minutes.
      return "at-another-door";
    case "strange":
      return isRepeatable ? "at-another-door" : "give-up";
  }
}
