import { TOUCH_KINDS, type Touch, type TouchKind } from "@instar/protocol";
import type { Edit } from "../edit.ts";
import { describeChange } from "./changed-file.ts";
import { findCiTouches } from "./find-ci-touches.ts";
import { findDependencyTouches } from "./find-dependency-touches.ts";
import { findEnvironmentTouches } from "./find-environment-touches.ts";
import { findMigrationTouches } from "./find-migration-touches.ts";
import { findPermissionTouches } from "./find-permission-touches.ts";
import { findPolicyTouches } from "./find-policy-touches.ts";
import { findRunnerTouches } from "./find-runner-touches.ts";
import { findSignInTouches } from "./find-sign-in-touches.ts";
import { findTestSettingsTouches } from "./find-test-settings-touches.ts";
import { findTestTouches } from "./tests/find-test-touches.ts";
import type { TouchFacts, TouchFinders } from "./touch-finder.ts";

const FINDERS: TouchFinders = {
  tests: findTestTouches,
  "test-settings": findTestSettingsTouches,
  ci: findCiTouches,
  policy: findPolicyTouches,
  "sign-in": findSignInTouches,
  migrations: findMigrationTouches,
  runner: findRunnerTouches,
  dependencies: findDependencyTouches,
  environment: findEnvironmentTouches,
  permissions: findPermissionTouches,
};

/** How many touches of a kind a file may have before the rest is only counted. */
const MOST_OF_A_KIND = 50;

/**
 * What a change lays hands on that is not ordinary code, known by names and by content. Each once per kind, file and reason; those that
 * weaken what judges or protects come first. Each edit is judged by itself: no other edit takes a touch away. Pure, and throws for no text.
 */
export function findTouches(edits: readonly Edit[], facts: TouchFacts): Touch[] {
  const touches = new Map<string, Touch>();
  for (const touch of edits.flatMap((edit) => findTouchesOf(edit, facts))) {
    const key = JSON.stringify([touch.kind, touch.path, touch.because]);
    const known = touches.get(key);
    if (known === undefined || compareTouches(touch, known) < 0) touches.set(key, touch);
  }
  return [...touches.values()].sort(compareTouches);
}

function findTouchesOf(edit: Edit, facts: TouchFacts): Touch[] {
  const file = describeChange(edit);
  return TOUCH_KINDS.flatMap((kind) => {
    const found = FINDERS[kind](file, facts)
      .map((finding): Touch => ({ kind, path: edit.path, ...finding }))
      .sort(compareTouches);
    return found.length <= MOST_OF_A_KIND ? found : [...found.slice(0, MOST_OF_A_KIND), countRest(kind, edit.path, found.slice(MOST_OF_A_KIND))];
  });
}

function countRest(kind: TouchKind, path: string, rest: readonly Touch[]): Touch {
  return { kind, path, line: null, by: "content", weakens: rest.some(({ weakens }) => weakens), because: `and ${rest.length} more of this kind` };
}

function compareTouches(one: Touch, other: Touch): number {
  return (
    Number(other.weakens) - Number(one.weakens) ||
    TOUCH_KINDS.indexOf(one.kind) - TOUCH_KINDS.indexOf(other.kind) ||
    compare(one.path, other.path) ||
    (one.line ?? 0) - (other.line ?? 0) ||
    compare(one.because, other.because) ||
    compare(one.by, other.by)
  );
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
