import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { until } from "./test-instance.ts";

const ESC = "\u001b";
const UNFINISHED = new RegExp(`${ESC}(?:\\[[0-9;?<>=]*|\\][^\u0007${ESC}]*)?$`);
/** A control sequence with its parameters and its last letter; a command to the terminal; another sequence; a letter. */
const TOKENS = new RegExp(`${ESC}\\[([0-9;?<>=]*)([@-~])|${ESC}\\][^\u0007${ESC}]*(?:\u0007|${ESC}\\\\)|${ESC}[^[\\]]|[\\s\\S]`, "gu");

/**
 * A program in a terminal of its own, as a person has one: script(1) of util-linux makes the terminal, and this is who looks at it and types. A shell around
 * the program notes how the terminal was before and after it.
 */
export class PseudoTerminal {
  readonly #folder: string;
  readonly #script: ChildProcessWithoutNullStreams;
  readonly #screen: ScreenText;
  readonly #ended: Promise<void>;
  /** Every byte that came, as text. */
  raw = "";

  constructor(options: { folder: string; argv: readonly string[]; environment: Readonly<Record<string, string | undefined>>; columns: number; rows: number }) {
    this.#folder = mkdtempSync(join(options.folder, "terminal-"));
    const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
    const program = `sh -c ${quote(`echo $$ > ${this.#at("pid")}; exec ${options.argv.map(quote).join(" ")}`)}`;
    const steps = [
      `stty cols ${options.columns} rows ${options.rows}`,
      `stty -g > ${this.#at("before")}`,
      program,
      `echo $? > ${this.#at("status")}`,
      `stty -g > ${this.#at("after")}`,
    ];
    this.#screen = new ScreenText(options.rows);
    this.#script = spawn("script", ["-qfec", steps.join("; "), "/dev/null"], { env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...options.environment } });
    this.#script.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.raw += text;
      this.#screen.write(text);
    });
    this.#ended = new Promise((resolve) => this.#script.on("close", () => resolve()));
  }

  /** What a person would read now. */
  text(): string {
    return this.#screen.lines.map((line) => line.join("").trimEnd()).join("\n");
  }

  type(keys: string): void {
    this.#script.stdin.write(keys);
  }

  async shows(what: string | RegExp): Promise<string> {
    return until(`the screen shows ${what}`, () => {
      const text = this.text();
      return (typeof what === "string" ? text.includes(what) : what.test(text)) ? text : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it shows:\n${this.text()}`);
    });
  }

  async resize(columns: number, rows: number): Promise<void> {
    this.#screen.resize(rows);
    execFileSync("stty", ["-F", readlinkSync(`/proc/${this.pid()}/fd/0`), "cols", String(columns), "rows", String(rows)]);
  }

  pid(): number {
    return Number(readFileSync(this.#at("pid"), "utf8"));
  }

  /** @returns how the program ended, and whether the terminal is as it was */
  async ended(): Promise<{ status: number; isAsItWas: boolean }> {
    await this.#ended;
    const read = (name: string) => readFileSync(this.#at(name), "utf8");
    const lastOf = (on: string, off: string) => this.raw.lastIndexOf(`${ESC}[?${off}`) >= this.raw.lastIndexOf(`${ESC}[?${on}`);
    // The first screen is back, the cursor is there, what is pasted is not marked, and the line discipline is the same.
    const isAsItWas = read("before") === read("after") && lastOf("1049h", "1049l") && lastOf("25l", "25h") && lastOf("2004h", "2004l");
    const status = Number(read("status"));
    rmSync(this.#folder, { recursive: true });
    return { status, isAsItWas };
  }

  /** Whatever happened to a test, nothing of it stays. */
  async end(): Promise<void> {
    this.#script.kill("SIGKILL");
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }
}

/** What stands on a terminal after what was written to it: as much of ECMA-48 as programs that draw use. */
class ScreenText {
  lines: string[][];
  #rows: number;
  #row = 0;
  #column = 0;
  #rest = "";

  constructor(rows: number) {
    this.#rows = rows;
    this.lines = blank(rows);
  }

  resize(rows: number): void {
    this.#rows = rows;
    this.lines = [...this.lines, ...blank(rows)].slice(0, rows);
    this.#row = Math.min(this.#row, rows - 1);
  }

  write(text: string): void {
    const all = this.#rest + text;
    // A sequence that was cut in two is read with what comes next.
    const cut = UNFINISHED.exec(all);
    this.#rest = cut?.[0] ?? "";
    for (const [token, parameters, final] of (cut === null ? all : all.slice(0, cut.index)).matchAll(TOKENS)) {
      if (final !== undefined) this.#control(parameters ?? "", final);
      else if (!token.startsWith(ESC)) this.#put(token);
    }
  }

  #put(letter: string): void {
    if (letter === "\r") this.#column = 0;
    else if (letter === "\n") this.#down();
    else if (letter >= " ") {
      const line = this.lines[this.#row] ?? [];
      while (line.length < this.#column) line.push(" ");
      line[this.#column] = letter;
      this.#column += 1;
    }
  }

  #down(): void {
    if (this.#row + 1 < this.#rows) this.#row += 1;
    else this.lines = [...this.lines.slice(1), []];
  }

  #control(parameters: string, final: string): void {
    const [first = 0, second = 0] = parameters.split(";").map(Number);
    const many = Math.max(1, first);
    const line = this.lines[this.#row] ?? [];
    switch (final) {
      case "A":
        this.#row = Math.max(0, this.#row - many);
        return;
      case "B":
        this.#row = Math.min(this.#rows - 1, this.#row + many);
        return;
      case "C":
        this.#column += many;
        return;
      case "D":
        this.#column = Math.max(0, this.#column - many);
        return;
      case "E":
        [this.#row, this.#column] = [Math.min(this.#rows - 1, this.#row + many), 0];
        return;
      case "G":
        this.#column = many - 1;
        return;
      case "H":
        [this.#row, this.#column] = [many - 1, Math.max(1, second) - 1];
        return;
      case "J":
        if (first === 2 || first === 3) this.lines = blank(this.#rows);
        else {
          line.length = Math.min(line.length, this.#column);
          for (let row = this.#row + 1; row < this.#rows; row += 1) this.lines[row] = [];
        }
        return;
      case "K":
        if (first === 2) line.length = 0;
        else if (first === 0) line.length = Math.min(line.length, this.#column);
        return;
      case "h":
      case "l":
        // The other screen begins empty; what stood on the first one is not of interest here.
        if (parameters === "?1049") [this.lines, this.#row, this.#column] = [blank(this.#rows), 0, 0];
        return;
      default:
        return;
    }
  }
}

const blank = (rows: number): string[][] => Array.from({ length: rows }, () => []);
