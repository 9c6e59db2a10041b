import { createHash } from "node:crypto";
import type { NotifyWay, Occasion } from "../settings/notify-settings.ts";

/** Something that people may want to hear of, whoever noticed it. */
export interface Happening {
  readonly occasion: Occasion;
  /** The same for the same happening, however often it is noticed: it is told once. */
  readonly key: string;
  /** One sentence. */
  readonly summary: string;
  readonly instance: string;
  readonly update: string | null;
  readonly versionFrom: string | null;
  readonly versionTo: string | null;
  /** What a person can do, where there is anything to do. */
  readonly advice: string | null;
  /** Wall time, ISO 8601. */
  readonly at: string;
}

/** One happening to be told in one way. */
export interface Notification extends Happening {
  /** Unique for the happening and the way: a receiver that hears it twice can tell. */
  readonly id: string;
  /** Which way of instar.yaml, by its digest: a way that was changed meanwhile is another one. */
  readonly way: string;
}

/** Which ways are told of a happening. Pure. */
export function planNotifications(ways: readonly NotifyWay[], happening: Happening): Notification[] {
  return ways
    .filter(({ on }) => on.includes(happening.occasion))
    .map((way) => {
      const named = digestOfWay(way);
      return { ...happening, way: named, id: digest(`${happening.instance}\0${happening.occasion}\0${happening.key}\0${named}`) };
    });
}

/** Where it is told, not what of: whoever listens to more from now on is still the same. */
export function digestOfWay({ run, webhook }: NotifyWay): string {
  return digest(JSON.stringify(run ?? webhook));
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 24);
