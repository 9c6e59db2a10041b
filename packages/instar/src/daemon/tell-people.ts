import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { deliverNotification } from "../notifications/deliver-notification.ts";
import { type DueNotification, NotificationOutbox } from "../notifications/notification-outbox.ts";
import { digestOfWay, type Happening, planNotifications } from "../notifications/plan-notifications.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import { environmentFileOf } from "../update/exchange.ts";
import type { Instance } from "./instance.ts";

const LOOK_MS = 500;

/** Puts what people are to hear into the outbox, in the caller's transaction. */
export function noteHappenings(instance: Pick<Instance, "database" | "settings">, happenings: readonly Happening[]): void {
  new NotificationOutbox(instance.database).put(happenings.flatMap((happening) => planNotifications(instance.settings.notify.ways, happening)));
}

export const aboutOf = ({ name, rooms }: Pick<Instance, "name"> & { readonly rooms: Pick<Instance["rooms"], "clock"> }) => ({
  instance: name,
  at: new Date(rooms.clock.wallMs()).toISOString(),
});

/** Tells people what is in the outbox, again and again until it is told or given up. Whoever is told and how it goes changes nothing else. */
export async function tellPeople(instance: Instance, say: (line: string) => void, until: AbortSignal): Promise<void> {
  const outbox = new NotificationOutbox(instance.database);
  while (!until.aborted) {
    try {
      for (const notification of outbox.due(instance.time.tickMs())) await tell(instance, outbox, notification, say, until);
    } catch (error) {
      until.throwIfAborted();
      if (!InstarError.is(error, "DISK_FULL")) throw error;
      say(error.message);
    }
    await instance.rooms.clock.sleep(LOOK_MS, until);
  }
}

async function tell(
  instance: Instance,
  outbox: NotificationOutbox,
  notification: DueNotification,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { rooms, settings } = instance;
  const { tries, ...body } = notification;
  const way = settings.notify.ways.find((candidate) => digestOfWay(candidate) === notification.way);
  const delivery =
    way === undefined
      ? ({ kind: "failed", because: "instar.yaml no longer names this way" } as const)
      : await deliverNotification(way, body, {
          runJob: rooms.runJob,
          environment: { ...rooms.inherited, PATH: settings.agent.path?.join(":") ?? "/usr/local/bin:/usr/bin:/bin" },
          readSecret: (name) => readSecret(instance, name),
          cwd: rooms.settingsFolder,
          logPath: join(instance.folder, "logs", "notify.log"),
          signal,
        });
  // A crash before this: it is told once more, under the same id.
  transact(instance.database, () => {
    if (delivery.kind === "told") return outbox.told(notification.id);
    say(`'${notification.summary}' could not be told: ${delivery.because}`);
    if (!outbox.failed(notification, delivery.because, instance.time.tickMs())) return;
    instance.ledger.append({
      event: "NOTIFICATION_FAILED",
      actor: { type: "system", id: "daemon" },
      description: `nobody could be told of '${notification.occasion}' after ${tries + 1} tries: ${delivery.because}`,
      success: false,
      ...(notification.update === null ? {} : { update: notification.update }),
    });
  });
}

async function readSecret(instance: Instance, name: string): Promise<string | undefined> {
  const path = environmentFileOf(instance.rooms);
  if (path === null) return undefined;
  const variables = await readEnvironmentFile(path).catch(() => ({}) as Readonly<Record<string, string>>);
  return variables[name];
}
