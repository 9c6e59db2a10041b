/** What the test claims, each with what was seen. Printed as it is found, and counted in the last line. */
export class Checks {
  #passed = 0;
  readonly #failed: string[] = [];

  get hasFailed(): boolean {
    return this.#failed.length > 0;
  }

  /** @param seen what was seen, in words: printed either way */
  expect(claim: string, holds: boolean, seen = ""): void {
    if (holds) this.#passed += 1;
    else this.#failed.push(claim);
    console.log(`  ${holds ? "ok    " : "FAILED"} ${claim}${seen === "" ? "" : ` (${seen.replaceAll(/\s+/g, " ").trim()})`}`);
  }

  /** One part of the test. What throws in it fails it, and the parts after it still run. */
  async part(title: string, play: () => Promise<void>): Promise<void> {
    console.log(`\n${title}`);
    try {
      await play();
    } catch (error) {
      this.expect(`${title}: it could be played to its end`, false, error instanceof Error ? error.message : String(error));
    }
  }

  end(): void {
    if (this.#failed.length > 0) console.log(`\nFailed:\n${this.#failed.map((claim) => `  - ${claim}`).join("\n")}`);
    console.log(`\n${this.#passed} passed, ${this.#failed.length} failed`);
  }
}
