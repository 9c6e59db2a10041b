import { expect, test } from "vitest";
import { settingsSchema } from "./settings.ts";
import { renderSettingsJsonSchema } from "./settings-json-schema.ts";

test("the schema for editors is the same text each time and describes what a person writes", () => {
  const text = renderSettingsJsonSchema();
  expect(renderSettingsJsonSchema()).toBe(text);
  const schema = JSON.parse(text);
  expect(schema.$schema).toMatch(/draft-07/);
  expect(schema.required).toEqual(["version", "name", "source", "agent"]);
  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties)).toEqual(Object.keys(settingsSchema.shape));
  expect(schema.properties.source.properties.checkEvery).toMatchObject({ type: "string", default: "5m" });
});
