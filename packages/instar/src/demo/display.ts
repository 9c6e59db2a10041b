import type { UpdateView } from "@instar/protocol";
import { Listr } from "listr2";

/** How the demo shows itself: live on a terminal, in plain lines otherwise, or not at all beside JSON. */
export interface Display {
  say(line: string): void;
  /** Something that happened while a story is shown. */
  note(line: string): void;
  story(title: string, play: (show: (update: UpdateView) => void) => Promise<UpdateView>): Promise<void>;
}

export function createDisplay(isTerminal: boolean, isQuiet: boolean): Display {
  const write = (line: string) => (isQuiet ? undefined : process.stdout.write(`${line}\n`));
  return isTerminal ? terminalDisplay(write) : plainDisplay(write);
}

function plainDisplay(write: (line: string) => void): Display {
  return {
    say: write,
    note: (line) => write(`  ! ${line}`),
    story: async (title, play) => {
      write(`\n${title}`);
      const said = new Set<string>();
      const ended = await play((update) => {
        for (const step of update.steps) {
          const line = renderStep(step);
          if (line === undefined || said.has(`${step.id} ${step.state}`)) continue;
          said.add(`${step.id} ${step.state}`);
          write(`  ${line}`);
        }
      });
      write(`  = ${ended.outcome}: ${ended.because}`);
    },
  };
}

function terminalDisplay(write: (line: string) => void): Display {
  let notes: string[] = [];
  return {
    say: write,
    note: (line) => void notes.push(line),
    story: async (title, play) => {
      notes = [];
      await new Listr(
        [
          {
            title,
            task: async (_, task) => {
              const ended = await play((update) => {
                const lines = update.steps.flatMap((step) => renderStep(step) ?? []);
                task.output = [...lines, ...notes.map((note) => `! ${note}`)].join("\n");
              });
              task.title = `${title} → ${ended.outcome}${ended.outcome === "committed" ? "" : `: ${ended.because}`}`;
            },
            rendererOptions: { outputBar: 1, persistentOutput: true },
          },
        ],
        { registerSignalListeners: false, rendererOptions: { collapseSubtasks: false } },
      ).run();
    },
  };
}

function renderStep(step: UpdateView["steps"][number]): string | undefined {
  const because = step.because === "" ? "" : `: ${step.because.slice(0, 140)}`;
  switch (step.state) {
    case "done":
      return `✔ ${step.title}${because}`;
    case "failed":
      return `✘ ${step.title}${because}`;
    case "running":
    case "waiting":
      return `▸ ${step.title}${because}`;
    case "undoing":
    case "undone":
      return `↶ ${step.title}`;
    default:
      return undefined;
  }
}
