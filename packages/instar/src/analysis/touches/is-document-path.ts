const NAMES =
  /^(readme|changelog|changes|history|news|license|licence|copying|notice|authors|contributors|maintainers|contributing|code_of_conduct|security|support|governance|roadmap|upgrading|architecture|design|acknowledge?ments)([-._][\w.-]*)?$/i;
const TEXTS = /(^[^.]+|\.(md|markdown|txt|rst|adoc|asciidoc|mdx|pdf|png|jpe?g|gif|svg|webp))$/i;
const PLAIN_TEXTS = /\.(md|markdown|txt|rst|adoc|asciidoc|png|jpe?g|gif|webp|pdf)$/i;
/** Folders whose Markdown an agent lives by. */
const BEHAVIOUR =
  /(^|\/)(prompts?|skills?|agents?|personas?|memory|memories|knowledge|instructions|rules|commands|souls?|\.claude|\.cursor|\.github|templates?|workflows?)\//i;
const BEHAVIOUR_NAMES =
  /^(agents?|claude|gemini|soul|identity|memory|user|tools|heartbeat|bootstrap|skills?|prompts?|system|persona|copilot-instructions|llms(-full)?)\b[^/]*$/i;
/** What people's editors and git read, and no program of the agent's. */
const FOR_EDITORS = /(^|\/)(\.vscode|\.idea|\.zed)\/|(^|\/)(\.editorconfig|\.gitignore|\.gitattributes|\.gitkeep|\.prettierignore|\.mailmap)$/;
const FOLDERS = /^(.*\/)?(docs?|documentation|changes|changelog\.d|\.changeset|newsfragments)\//i;

/**
 * Whether a path is for people only. An agent's prompts are Markdown too: what lies in a folder of theirs, or has a name of theirs, is
 * behaviour, even inside `docs`. Anything that is not known to be a document is none.
 */
export function isDocumentPath(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const stem = name.replace(/\.[^.]*$/, "");
  if (BEHAVIOUR.test(path) || BEHAVIOUR_NAMES.test(name)) return false;
  if (FOR_EDITORS.test(path)) return true;
  if (FOLDERS.test(path)) return PLAIN_TEXTS.test(name);
  return NAMES.test(stem) && TEXTS.test(name) && !isProgramLike(name);
}

const isProgramLike = (name: string) => /\.(?:[cm]?[jt]sx?|py|rb|sh|json|ya?ml|toml)$/i.test(name);
