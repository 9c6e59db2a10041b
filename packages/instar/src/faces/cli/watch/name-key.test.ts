import type { Key } from "ink";
import { expect, it } from "vitest";
import { nameKeys } from "./name-key.ts";

const none = Object.fromEntries(
  [
    "upArrow",
    "downArrow",
    "leftArrow",
    "rightArrow",
    "pageDown",
    "pageUp",
    "home",
    "end",
    "return",
    "escape",
    "ctrl",
    "shift",
    "tab",
    "backspace",
    "delete",
    "meta",
    "super",
    "hyper",
    "capsLock",
    "numLock",
  ].map((name) => [name, false]),
) as unknown as Key;

it.each([
  ["a letter", "a", {}, [{ name: "letter", text: "a" }]],
  ["one letter of two code units", "𝒶", {}, [{ name: "letter", text: "𝒶" }]],
  ["several at once: text, and no command", "ay", {}, [{ name: "paste", text: "ay" }]],
  [
    "a key that is held down",
    "jj",
    {},
    [
      { name: "letter", text: "j" },
      { name: "letter", text: "j" },
    ],
  ],
  ["a word with its Enter in one piece", "1.0.1\r", {}, [{ name: "paste", text: "1.0.1" }, { name: "enter" }]],
  ["an arrow", "", { upArrow: true }, [{ name: "up" }]],
  ["Backspace as most terminals send it", "", { delete: true }, [{ name: "backspace" }]],
  ["Ctrl-C", "c", { ctrl: true }, [{ name: "interrupt" }]],
  ["another letter with Ctrl", "a", { ctrl: true }, []],
  ["Alt and a letter", "a", { meta: true }, []],
  ["a key that is let go", "a", { eventType: "release" }, []],
] as const)("%s", (_, input, pressed, keys) => expect(nameKeys(input, { ...none, ...pressed } as Key)).toEqual(keys));
