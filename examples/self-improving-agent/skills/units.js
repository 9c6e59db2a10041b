// What the agent knows. `inBase`: how many metres, or grams, one of it is.

export const UNITS = {
  m: { measures: "length", inBase: 1 },
  cm: { measures: "length", inBase: 0.01 },
  km: { measures: "length", inBase: 1_000 },
  g: { measures: "mass", inBase: 1 },
  kg: { measures: "mass", inBase: 1_000 },
};
