// A browser that was started without a language may call it `en-US@posix`, which is none: whoever asks `Intl` for it, as uPlot does while it is loaded, would break.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
