import { InstarCallError } from "./call-error.ts";

/**
 * Reads what an answer says. Fields that are not asked for are passed over, so a newer daemon may say more; `…Or` and `…OrNull` are for what an older one may not say yet.
 * What cannot be done without and is not there is refused (`answer-invalid`).
 */
export class Fields {
  readonly #of: Readonly<Record<string, unknown>>;
  readonly #operation: string;

  constructor(value: unknown, operation: string) {
    this.#operation = operation;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#refuse("is no object");
    this.#of = value as Record<string, unknown>;
  }

  text(name: string): string {
    const value = this.#of[name];
    if (typeof value !== "string") throw this.#refuse(`has no ${name}`);
    return value;
  }

  textOrNull(name: string): string | null {
    const value = this.#of[name];
    return typeof value === "string" ? value : null;
  }

  textOr(name: string, otherwise: string): string {
    return this.textOrNull(name) ?? otherwise;
  }

  numberOrNull(name: string): number | null {
    const value = this.#of[name];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  }

  isTrue(name: string): boolean {
    return this.#of[name] === true;
  }

  list<Item>(name: string, parse: (fields: Fields) => Item): Item[] {
    const value = this.#of[name];
    if (!Array.isArray(value)) throw this.#refuse(`has no list ${name}`);
    return value.map((each) => parse(new Fields(each, this.#operation)));
  }

  texts(name: string): string[] {
    const value = this.#of[name];
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
  }

  inner<Inner>(name: string, parse: (fields: Fields) => Inner): Inner {
    return parse(new Fields(this.#of[name], this.#operation));
  }

  innerOrNull<Inner>(name: string, parse: (fields: Fields) => Inner): Inner | null {
    const value = this.#of[name];
    return typeof value === "object" && value !== null ? this.inner(name, parse) : null;
  }

  /** A record of numbers or texts by name. */
  named<Kind extends "number" | "string">(name: string, kind: Kind): Readonly<Record<string, Kind extends "number" ? number : string>> {
    const value = this.#of[name];
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === kind));
  }

  #refuse(because: string): InstarCallError {
    return new InstarCallError("answer-invalid", `what Instar's daemon answers to ${this.#operation} ${because}`, { operation: this.#operation });
  }
}
