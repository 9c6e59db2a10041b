import { InstarError } from "@instar/protocol";

/** @throws InstarError INPUT_INVALID where a bound that the caller chose is no whole number between 1 and what one call may ask for */
export function assertCount(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InstarError("INPUT_INVALID", `${name} must be a whole number from 1 to ${most}`);
}
