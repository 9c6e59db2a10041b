import { createCell, useCell } from "../data/cell.ts";
import { keepInBrowser } from "../platform/storage.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const kept = keepInBrowser("theme");
const theme = createCell<Theme>(THEMES.find((each) => each === kept.read()) ?? "auto");

export const useTheme = (): Theme => useCell(theme);

export function setTheme(next: Theme): void {
  kept.write(next);
  theme.set(next);
  showTheme();
}

/** The colours follow `color-scheme` by `light-dark()`: one attribute changes all of them. */
export function showTheme(): void {
  document.documentElement.dataset.theme = theme.get();
}
