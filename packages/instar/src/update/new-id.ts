import { randomInt } from "node:crypto";

/** Eight letters and digits that are hard to mistake for each other when read aloud at night. */
export function newId(): string {
  return Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}

const LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";
