// What a model proposes is taken for what it is: text of a stranger. Instar judges what is deployed; this keeps nonsense from being deployed at all.

/** The only files that a model may change. What judges them is not among them, nor is what asks it. */
export const CHANGEABLE = ["skills/units.js", "skills/convert.js"];
const EDITS_LIMIT = 8;
const TEXT_LIMIT = 16_384;

export const testPathOf = ({ units }) => `test/learned-${units.join("-")}.test.js`;

/**
 * @param {unknown} proposal `{ summary, edits: [{ path, find, replace }], test }` where the model kept to the form
 * @param {ReadonlyMap<string, { text: string, digest: string }>} files what lies in code-repo, by path
 * @param {{ units: string[] }} request
 * @returns {{ kind: "accepted", message: string, writes: { path: string, text: string, expects: string | null }[] } | { kind: "refused", because: string }}
 */
export function judgeProposal(proposal, files, request) {
  const because = findFault(proposal, files);
  if (because !== undefined) return { kind: "refused", because };
  const texts = new Map();
  for (const { path, find, replace } of proposal.edits) {
    const text = texts.get(path) ?? files.get(path).text;
    const place = text.indexOf(find);
    if (place === -1) return { kind: "refused", because: `the model changes a place of ${path} that is not there` };
    if (text.includes(find, place + 1)) return { kind: "refused", because: `the model changes a place of ${path} that is there more than once` };
    texts.set(path, text.slice(0, place) + replace + text.slice(place + find.length));
  }
  const changed = [...texts].filter(([path, text]) => text !== files.get(path).text);
  if (changed.length === 0) return { kind: "refused", because: "the model changes nothing" };
  const writes = changed.map(([path, text]) => ({ path, text, expects: files.get(path).digest }));
  // Null: no test that is there already is written over.
  const test = { path: testPathOf(request), text: proposal.test, expects: null };
  return { kind: "accepted", message: `Learn ${request.units.join(" and ")}: ${oneLine(proposal.summary)}`, writes: [...writes, test] };
}

function findFault(proposal, files) {
  const { summary, edits, test } = proposal ?? {};
  if (!isText(summary) || !isText(test) || !Array.isArray(edits)) return "the model's answer is no proposal";
  if (edits.length === 0 || edits.length > EDITS_LIMIT) return `the model makes ${edits.length} changes, and 1 to ${EDITS_LIMIT} are taken`;
  for (const edit of edits) {
    if (!isText(edit?.path) || !isText(edit.find) || typeof edit.replace !== "string" || edit.find === "") return "the model's answer is no proposal";
    if (!CHANGEABLE.includes(edit.path) || !files.has(edit.path))
      return `the model changes ${JSON.stringify(edit.path.slice(0, 100))}, which is not its to change`;
    if (edit.replace.length > TEXT_LIMIT) return "the model's answer is too long";
  }
  if (test.length > TEXT_LIMIT) return "the model's answer is too long";
  if (!/from "node:test"/.test(test) || !/\bassert\b/.test(test)) return "the model wrote no test";
  return undefined;
}

const isText = (value) => typeof value === "string" && value.length > 0;
const oneLine = (text) => text.replace(/\s+/g, " ").trim().slice(0, 200);
