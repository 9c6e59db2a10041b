/**
 * Every way in which Instar says no. The first eight and their numbers are the specification's; the rest are ours.
 * `exit` is the CLI's status, `status` the HTTP one. Each code has a page: docs/errors.md#CODE.
 */
export const ERROR_CODES = {
  DETECTION_FAILED: { number: 1000, exit: 5, status: 502, title: "The source could not be read" },
  ANALYSIS_FAILED: { number: 1001, exit: 5, status: 422, title: "The change could not be analysed" },
  VALIDATION_FAILED: { number: 1002, exit: 5, status: 422, title: "The candidate did not pass its tests" },
  BACKUP_FAILED: { number: 1003, exit: 5, status: 500, title: "The state could not be backed up" },
  APPLY_FAILED: { number: 1004, exit: 5, status: 500, title: "The candidate could not be put in place" },
  VERIFY_FAILED: { number: 1005, exit: 5, status: 500, title: "The running version is not what it should be" },
  ROLLBACK_FAILED: { number: 1006, exit: 6, status: 500, title: "The way back did not work; a person is needed" },
  CONFIG_MIGRATION_FAILED: { number: 1007, exit: 5, status: 422, title: "The configuration could not be migrated" },

  SETTINGS_MISSING: { number: 1100, exit: 2, status: 400, title: "There is no instar.yaml here" },
  SETTINGS_INVALID: { number: 1101, exit: 2, status: 400, title: "instar.yaml has a mistake" },
  INPUT_INVALID: { number: 1102, exit: 2, status: 400, title: "The request has a mistake" },
  NOT_FOUND: { number: 1103, exit: 2, status: 404, title: "There is no such thing" },
  UNAUTHORIZED: { number: 1104, exit: 2, status: 401, title: "The token is missing or wrong" },
  RATE_LIMITED: { number: 1105, exit: 7, status: 429, title: "Too many at once" },
  FORBIDDEN: { number: 1106, exit: 4, status: 403, title: "Your role does not allow this" },

  NOT_RUNNING: { number: 1200, exit: 3, status: 503, title: "Instar is not running for this agent" },
  ALREADY_RUNNING: { number: 1201, exit: 7, status: 409, title: "Another Instar runs on this data folder" },
  DATA_TOO_NEW: { number: 1202, exit: 8, status: 500, title: "The data folder was written by a newer Instar" },
  DATA_DAMAGED: { number: 1203, exit: 9, status: 500, title: "The data folder is not as Instar left it" },
  FENCED: { number: 1204, exit: 7, status: 409, title: "A newer daemon has taken over" },
  CONFLICT: { number: 1205, exit: 7, status: 409, title: "This cannot be done in the present state" },

  PORT_IN_USE: { number: 1300, exit: 8, status: 500, title: "The port is in use" },
  DISK_FULL: { number: 1301, exit: 8, status: 507, title: "The disk is full" },
  MEMORY_SHORT: { number: 1302, exit: 8, status: 507, title: "Memory is too short for a second copy" },
  TIMED_OUT: { number: 1303, exit: 8, status: 504, title: "It took too long and was ended" },
  PLATFORM_FAILED: { number: 1304, exit: 8, status: 500, title: "The operating system refused" },
  KEEPER_UNREACHABLE: { number: 1305, exit: 8, status: 503, title: "The keeper does not answer" },

  SOURCE_GONE: { number: 1400, exit: 5, status: 502, title: "The source does not answer" },
  SOURCE_EMPTY: { number: 1401, exit: 5, status: 422, title: "The source has nothing to run" },
  SOURCE_NOT_GIT: { number: 1402, exit: 5, status: 422, title: "The source is not a git repository" },
  SOURCE_REWRITTEN: { number: 1403, exit: 4, status: 409, title: "History was rewritten; a person decides" },
  PACKAGE_REFUSED: { number: 1404, exit: 4, status: 422, title: "The source is not acceptable" },
  BUILD_FAILED: { number: 1405, exit: 5, status: 422, title: "The candidate could not be built" },
  RELEASE_DAMAGED: { number: 1406, exit: 9, status: 500, title: "A release was changed on disk" },
  QUARANTINED: { number: 1407, exit: 4, status: 409, title: "This release misbehaved before" },
  UNHEALTHY: { number: 1408, exit: 5, status: 500, title: "The agent does not serve" },
  MISBEHAVED: { number: 1409, exit: 5, status: 500, title: "The new version misbehaved in service" },
  SNAPSHOT_DAMAGED: { number: 1410, exit: 9, status: 500, title: "A snapshot is not what was written" },
  LEDGER_DAMAGED: { number: 1411, exit: 9, status: 500, title: "The ledger does not verify" },
  EDIT_REFUSED: { number: 1418, exit: 4, status: 422, title: "The edits are not acceptable" },
  EDIT_CONFLICT: { number: 1419, exit: 7, status: 409, title: "A file is not what the edits expect" },
  SANDBOX_WEAK: { number: 1414, exit: 8, status: 500, title: "The sandbox here is not strong enough for this" },
  SANDBOX_FAILED: { number: 1415, exit: 8, status: 500, title: "The sandbox did not work" },
  REHEARSAL_FAILED: { number: 1416, exit: 5, status: 422, title: "The candidate did not pass its rehearsal" },
  HEALTH_CHECK_FAILED: { number: 1417, exit: 8, status: 503, title: "A health check before or after the exchange did not pass" },
  NOT_CONFIRMED: { number: 1420, exit: 5, status: 409, title: "Nobody confirmed the new version in time" },
  POLICY_DENIED: { number: 1421, exit: 4, status: 403, title: "The policies do not let it proceed" },
  POLICY_INVALID: { number: 1422, exit: 2, status: 409, title: "The policies have a mistake, so nothing proceeds" },
  NOT_APPROVED: { number: 1423, exit: 4, status: 409, title: "Nobody approved it in time" },
  REJECTED: { number: 1424, exit: 4, status: 409, title: "A person rejected it" },
  MODEL_REJECTED: { number: 1425, exit: 4, status: 409, title: "The language model that is asked rejected it" },
  CANCELLED: { number: 1412, exit: 4, status: 409, title: "An operator cancelled it" },
} as const satisfies Record<string, { number: number; exit: number; status: number; title: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
