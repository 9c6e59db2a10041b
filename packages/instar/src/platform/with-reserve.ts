import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { freeReserve } from "./disk-space.ts";

/** The file that holds the space which was set aside on an instance's disk. */
export const reservePathOf = (folder: string): string => join(folder, "reserve");

/**
 * Does what must be done even on a full disk: where it is refused for want of space, the reserve is given back and it is done once
 * more. The daemon sets a reserve aside again as soon as there is room.
 *
 * @param folder the instance's data folder
 */
export async function withReserve<T>(folder: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!InstarError.is(error, "DISK_FULL")) throw error;
    await freeReserve(reservePathOf(folder));
    return await act();
  }
}
