import { Edits } from "../../edits/edits.ts";
import type { UpdateStart } from "../journal-entry.ts";
import type { StepRooms } from "../step-rooms.ts";

/** What may edit this instance's configuration. */
export const editsOf = ({ settings, settingsFolder, folder }: Pick<StepRooms, "settings" | "settingsFolder" | "folder">): Edits =>
  new Edits({ settingsFolder, listed: settings.backup.config, dataFolder: folder });

/** Where the edits of a configuration update are put down. */
export const editsIdOf = ({ start }: { readonly start: UpdateStart }): string => start.edits?.id ?? "";
