import { render, useApp, useInput, usePaste } from "ink";
import { createElement as h, type ReactNode } from "react";
import { nameKeys } from "./name-key.ts";
import type { Key } from "./press-key.ts";
import { Screen, type ScreenProps } from "./screen.ts";

export interface ShownScreen {
  show(props: Omit<ScreenProps, "size">): void;
  /** Lends the terminal to something else that asks a person, and takes it back. */
  lend<Answer>(ask: () => Promise<Answer>): Promise<Answer>;
  /** Puts the terminal back as it was. May be called again. */
  end(): Promise<void>;
}

export interface ScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly press: (key: Key) => void;
  /** The terminal is gone, or drawing failed. */
  readonly lost: (cause: unknown) => void;
}

export type OpenScreen = (options: ScreenOptions) => ShownScreen;

/** A terminal's second screen, which goes and gives back the first one when this ends, however it does: by a key, a signal or an error. */
export const openScreen: OpenScreen = ({ stdin, stdout, press, lost }) => {
  let lend: ReturnType<typeof useApp>["suspendTerminal"] | undefined;
  let last: Omit<ScreenProps, "size"> | undefined;
  const Live = (props: ScreenProps): ReactNode => {
    lend = useApp().suspendTerminal;
    useInput((input, key) => {
      for (const named of nameKeys(input, key)) press(named);
    });
    usePaste((text) => press({ name: "paste", text }));
    return h(Screen, props);
  };
  // Ink looks whether this is CI and then draws nothing: whoever came here has a person before him.
  const draw = (props: Omit<ScreenProps, "size">) => h(Live, { ...props, size: { columns: stdout.columns || 80, rows: stdout.rows || 24 } });
  let app: ReturnType<typeof render> | undefined;
  const resize = () => {
    if (last !== undefined) app?.rerender(draw(last));
  };
  stdout.on("resize", resize);
  return {
    show: (props) => {
      last = props;
      if (app !== undefined) return app.rerender(draw(props));
      app = render(draw(props), { stdin, stdout, alternateScreen: true, interactive: true, exitOnCtrlC: false, incrementalRendering: true, maxFps: 15 });
      app.waitUntilExit().then(() => lost(undefined), lost);
    },
    lend: async (ask) => {
      if (lend === undefined) return ask();
      let answer: { value: Awaited<ReturnType<typeof ask>> } | undefined;
      await lend(async () => {
        answer = { value: await ask() };
      });
      if (answer === undefined) throw new Error("what the terminal was lent for did not end");
      return answer.value;
    },
    end: async () => {
      stdout.off("resize", resize);
      app?.unmount();
      await app?.waitUntilExit().catch(() => undefined);
    },
  };
};
