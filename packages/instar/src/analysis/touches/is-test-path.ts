const FOLDERS =
  /(^|\/)(tests?|__tests__|specs?|e2e|__snapshots__|__mocks__|__fixtures__|test[-_]?(data|fixtures|cases|files)|testing|features|cypress|src\/(test|androidTest|integrationTest))\//i;
const NAMES =
  /(^|\/)(test_[^/]*\.py|conftest\.py|tests?\.(py|rs|[cm]?[jt]sx?)|[^/]*_tests?\.(py|go|rs|rb|exs|c|cc|cpp|dart|ts|js)|[^/]*_spec\.(rb|lua|py)|[^/]*[-.](test|spec|e2e|cy|testing|test-d|bench|stories)\.[^/]+|[^/]*(Tests?|Spec|IT|TestCase)\.(java|kt|kts|scala|groovy|cs|fs|php|swift)|Test[A-Z][^/]*\.(java|kt|php)|[^/]*\.(snap|snapshot|feature|bats|t))$/;

/** What any of the patterns above needs somewhere: most paths have none of it, and are done with at once. */
const HINT = /test|spec|e2e|snap|mock|fixture|feature|cypress|\.(cy|bench|stories)\.|IT\.|\.(bats|t)$/i;

/** Whether a path is, by its name, a test or something that tests stand on: snapshots, fixtures, helpers. Many ecosystems' habits. */
export function isTestPath(path: string): boolean {
  if (!HINT.test(path)) return false;
  return FOLDERS.test(path) || NAMES.test(path) || /\.(test|spec)\.[^./]+$/i.test(path);
}
