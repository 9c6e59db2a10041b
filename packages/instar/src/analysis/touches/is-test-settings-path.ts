const RUNNERS =
  /(^|\/)((vitest|vite|jest|playwright|cypress|karma|wdio|ava|tap|stryker)[\w.-]*\.(config|conf|workspace|setup)[\w.-]*|vitest\.workspace\.\w+|jest\.config\.json|\.mocharc[\w.]*|mocha\.opts|\.nycrc[\w.]*|\.c8rc[\w.]*|\.taprc|\.istanbul\.yml|\.?codecov\.ya?ml|\.coveragerc|pytest\.ini|tox\.ini|noxfile\.py|setup\.cfg|phpunit\.xml[\w.]*|\.rspec|\.simplecov|ava\.config\.\w+)$/i;

/** Whether a path is, by its name, a file that says which tests run and what makes them count. */
export function isTestSettingsPath(path: string): boolean {
  return RUNNERS.test(path);
}
