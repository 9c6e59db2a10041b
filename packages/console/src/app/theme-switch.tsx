import { setTheme, THEMES, type Theme, useTheme } from "./theme.ts";

const LABELS: Readonly<Record<Theme, string>> = { auto: "As the system", light: "Light", dark: "Dark" };

export function ThemeSwitch() {
  const theme = useTheme();
  return (
    <fieldset className="theme-switch">
      <legend>Colours</legend>
      {THEMES.map((each) => (
        <label key={each}>
          <input type="radio" name="theme" checked={theme === each} onChange={() => setTheme(each)} />
          {LABELS[each]}
        </label>
      ))}
    </fieldset>
  );
}
