import type { ChangedFile, ChangedLine } from "./changed-file.ts";
import { compareManifests } from "./compare-manifests.ts";
import { byContent, type Finding, nameTouch, weakening } from "./touch-finder.ts";

const PATHS =
  /(^|\/)(\.github\/(workflows|actions)\/|\.gitlab\/ci\/|\.circleci\/|\.buildkite\/|\.ci\/|\.woodpecker[/.]|\.drone\.|\.husky\/|\.githooks\/|\.teamcity\/|\.semaphore\/)|(^|\/)(\.gitlab-ci[\w.-]*|jenkinsfile[\w.-]*|\.?azure-pipelines[\w.-]*|bitbucket-pipelines\.ya?ml|\.travis\.ya?ml|appveyor\.ya?ml|\.appveyor\.ya?ml|cloudbuild\.ya?ml|buildspec\.ya?ml|\.?lefthook[\w.-]*|\.pre-commit[\w.-]*|\.lintstagedrc[\w.]*|lint-staged\.config\.\w+|\.cirrus\.ya?ml|dagger\.\w+|codefresh\.ya?ml|wercker\.ya?ml|\.simple-git-hooks[\w.]*)$/i;

const LOOSE: readonly (readonly [RegExp, string])[] = [
  [/\b(continue-on-error|allow_failure|continueOnError|soft_fail|ignore_failure)["']? ?: ?["']?true/i, "a step that fails no longer counts"],
  [/\b(if|when|condition)["']? ?: ?["']?(\$\{\{ ?)?(false|never|manual|'false')\b/i, "a step never runs"],
  [/\|\| ?(true|:|exit 0)(\W|$)|; ?(true|exit 0)$|^set \+e$|^exit 0$|\bcatchError\b|--no-verify\b|\bSKIP=/, "a failure is turned into a success"],
  [/\bpermissions["']? ?: ?["']?write-all|: ?write-all\b/i, "it may write everywhere"],
  [/\bpull_request_target\b|\bworkflow_run\b/, "it runs with its secrets on what strangers propose"],
];
const STEP =
  /^-? ?["']?(run|uses|script|steps?|sh|bash|task|checkout|entry|repo|id|job|stage|before_script|after_script)["']? ?[: ]|^(sh|bat) ['"(]|^- (npm|pnpm|yarn|npx|node|pytest|python|make|go|cargo|tox|ruff|mypy|vitest|jest)\b|^(npm|pnpm|yarn|npx|node|pytest|python3?|make|go|cargo|tox|ruff|mypy)\b/;
const TRIGGER = /^-? ?["']?(push|pull_request|merge_request|schedule|branches|merge_group)["']? ?:?|^on ?:/;

/** What checks the agent elsewhere: pipelines, and hooks of git. */
export function findCiTouches(file: ChangedFile): readonly Finding[] {
  if (file.name === "package.json") return findHookFields(file);
  if (!file.paths.some((path) => PATHS.test(path))) return [];
  const named = nameTouch(file, "what checks it elsewhere", true);
  if (!file.isRead || file.edit.status === "deleted") return [named];
  return [named, ...findLoosened(file)];
}

function findLoosened({ added, removed }: ChangedFile): Finding[] {
  const more = (lines: readonly ChangedLine[], than: readonly ChangedLine[], pattern: RegExp) => {
    const found = lines.filter(({ code }) => pattern.test(code));
    return found.length > than.filter(({ code }) => pattern.test(code)).length ? found[0] : undefined;
  };
  const found = LOOSE.flatMap(([pattern, says]) => weakenedAt(more(added, removed, pattern), says));
  return [...found, ...weakenedAt(more(removed, added, STEP), "a step is gone"), ...weakenedAt(more(removed, added, TRIGGER), "it no longer runs when it did")];
}

const weakenedAt = (line: ChangedLine | undefined, says: string): Finding[] => (line === undefined ? [] : [weakening(line.line, says)]);

const FIELDS = /^(husky|lint-staged|simple-git-hooks|pre-commit|pre-push|gitHooks)$/;

function findHookFields(file: ChangedFile): Finding[] {
  const changes = file.isRead ? compareManifests(file) : "unreadable";
  if (changes === "unreadable") return [];
  return changes
    .filter(({ field, key }) => FIELDS.test(field) || (field === "scripts" && FIELDS.test(key ?? "")))
    .map(({ field, is, line }) =>
      is === undefined ? weakening(line, `the hooks of ${field} are fewer`) : byContent(line, `the hooks of ${field} are changed`),
    );
}
