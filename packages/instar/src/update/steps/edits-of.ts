import { Edits } from "../../edits/edits.ts";
import type { UpdateStart } from "../journal-entry.ts";
import { listSealedRules } from "../list-sealed-rules.ts";
import type { StepRooms } from "../step-rooms.ts";

/** What may edit this instance's configuration. */
export const editsOf = (rooms: Pick<StepRooms, "settings" | "settingsFolder" | "folder" | "readPolicies">): Edits =>
  new Edits({ settingsFolder: rooms.settingsFolder, listed: rooms.settings.backup.config, dataFolder: rooms.folder }, undefined, () => listSealedRules(rooms));

/** Where the edits of a configuration update are put down. */
export const editsIdOf = ({ start }: { readonly start: UpdateStart }): string => start.edits?.id ?? "";
