import { type ChangedFile, onlyIn, stringsOn } from "./changed-file.ts";
import { isDocumentPath } from "./is-document-path.ts";
import { isTestPath } from "./is-test-path.ts";
import { byContent, type Finding, nameTouch, weakening } from "./touch-finder.ts";

const PATHS =
  /(^|\/)(migrations?|migrate|alembic\/versions|drizzle|db\/schema|flyway|liquibase)\/|(^|\/)(schema\.prisma|schema\.rb|structure\.sql|alembic\.ini|knexfile\.\w+|ormconfig\.\w+|drizzle\.config\.\w+|[^/]*[._-]migrations?\.\w+|V\d[\w.]*__[^/]*\.sql|\d{3,14}[_-][^/]*\.(up|down)\.sql|migrations?\.(sql|py|[cm]?[jt]s))$/i;

const DDL =
  /\b(CREATE|ALTER|DROP|RENAME) +(OR +REPLACE +)?(TEMP(ORARY)? +|VIRTUAL +|UNIQUE +|MATERIALIZED +)?(TABLE|INDEX|COLUMN|VIEW|TRIGGER|SCHEMA|DATABASE|TYPE|SEQUENCE|CONSTRAINT)\b|\bADD +COLUMN\b|\bPRAGMA +(user_version|application_id) *=|\bTRUNCATE +(TABLE +)?\w/i;
const DESTROYING =
  /\bDROP +(TABLE|COLUMN|DATABASE|SCHEMA|VIEW|INDEX|CONSTRAINT|TYPE|SEQUENCE)\b|\bALTER +TABLE\b.{1,200}\bDROP\b|\bTRUNCATE +(TABLE +)?["`\w]/i;
const CALLS =
  /\b(knex|schema|queryInterface|queryRunner|pgm|op|migrations|table|t|db\.schema|builder)\b[?!]?\.(create(Table|Index)|alter(Table)?|create_table|add_column|addColumn|add_index|addIndex|rename\w{0,20}|AddField|AlterField|CreateModel|RunSQL|RunPython|RemoveField|DeleteModel|drop\w{0,30}|remove\w{0,30}|truncate)\b/;
const DESTROYING_CALLS =
  /\b(knex|schema|queryInterface|queryRunner|pgm|op|migrations|table|t|db\.schema|builder)\b[?!]?\.(drop\w{0,30}|removeColumn|removeIndex|removeConstraint|RemoveField|DeleteModel|truncate)\b/;

/** The shape of the agent's state. What takes data away counts as weakening: only a snapshot brings it back. */
export function findMigrationTouches(file: ChangedFile): readonly Finding[] {
  if (file.paths.every(isDocumentPath)) return [];
  const named = file.paths.some((path) => PATHS.test(path)) ? [nameTouch(file, "a migration, or the shape of the state")] : [];
  if (!file.isRead || file.paths.every(isTestPath)) return named;
  return [...named, ...findStatements(file), ...findCalls(file), ...findLostModels(file)];
}

function findStatements(file: ChangedFile): Finding[] {
  const { after, added } = file;
  const isSql = /\.(sql|ddl|psql|cql)$/i.test(file.edit.path);
  const texts = isSql
    ? [{ text: added.map(({ code }) => code).join("\n"), line: added[0]?.line ?? 1 }]
    : after.unparsed === null && after.language !== "other"
      ? stringsOn(after, added)
      : after.unparsed === null
        ? []
        : added;
  const findings: Finding[] = [];
  for (const { text, line } of texts) {
    if (DDL.test(text.replace(/\s+/g, " "))) findings.push(byContent(line, "it changes the shape of a database"));
    for (const statement of text.split(";")) {
      const flat = statement.replace(/\s+/g, " ");
      if (DESTROYING.test(flat)) findings.push(weakening(line, "it drops what a database holds"));
      if (/\bDELETE FROM ["`\w]/i.test(flat) && !/\bWHERE\b/i.test(flat)) findings.push(weakening(line, "it deletes every row of a table"));
    }
  }
  return findings;
}

function findCalls({ added }: ChangedFile): Finding[] {
  return [
    ...added
      .filter(({ code }) => CALLS.test(code))
      .slice(0, 1)
      .map(({ line }) => byContent(line, "it calls for a change of the shape of a database")),
    ...added
      .filter(({ code }) => DESTROYING_CALLS.test(code))
      .slice(0, 1)
      .map(({ line }) => weakening(line, "it drops what a database holds")),
  ];
}

/** A model or a column that a Prisma schema no longer has is dropped by the next migration. */
function findLostModels({ name, added, removed }: ChangedFile): Finding[] {
  if (!name.endsWith(".prisma")) return [];
  const first = ({ code }: { readonly code: string }) => /^(?:model |enum )?(\w{1,100})/.exec(code)?.[1] ?? "";
  const named = (lines: typeof added) => lines.filter(({ code }) => /^\w/.test(code)).map((line) => ({ text: first(line), line: line.line }));
  return onlyIn(named(removed), named(added)).map(({ line, text }) => weakening(line, `the schema no longer has ${text}`));
}
