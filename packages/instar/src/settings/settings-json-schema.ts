import { z } from "zod";
import { settingsSchema } from "./settings.ts";

/**
 * The JSON Schema of `instar.yaml` as a person writes it, for editors: draft 7, which the YAML language server knows
 * best. The same settings always give the same text.
 */
export function renderSettingsJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(settingsSchema, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ $schema, title: "instar.yaml", description: "How Instar keeps one agent alive while it changes", ...schema }, null, 2)}\n`;
}
