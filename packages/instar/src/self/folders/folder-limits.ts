/** Bounds on what one call may ask for, whoever asks. Each is far above what an agent needs for its own code, and far below what would slow the daemon. */
export const FOLDER_LIMITS = {
  /** Letters of a path. */
  pathLetters: 1_024,
  /** Bytes of one name in UTF-8: what Linux, macOS and Windows all have. */
  nameBytes: 255,
  /** Folders below each other. Each holds a descriptor open while it is walked. */
  depth: 64,
  /** Entries of one answer. */
  listed: 10_000,
  /** Names that are looked at in one folder for a list or a search; a folder may have a million. */
  namesOfFolder: 20_000,
  /** Of one file that is written, changed by a patch, or searched; and of one answer. */
  fileBytes: 8 * 1_024 * 1_024,
  /** How far a file is read for its lines and its digest. */
  scannedBytes: 16 * 1_024 * 1_024,
  /** Letters of what is searched for. */
  searchLetters: 200,
  /** Letters of a line that is shown. */
  shownLetters: 300,
  searchedFiles: 50_000,
  searchedBytes: 256 * 1_024 * 1_024,
  /** Entries of a folder that is moved or removed whole. */
  treeEntries: 200_000,
  patchLetters: 4 * 1_024 * 1_024,
  patchFiles: 500,
  /** Of all files of a patch, before and after: they are in memory at once. */
  patchBytes: 64 * 1_024 * 1_024,
  /** Steps while hunks are placed, for a whole patch: less than a second. */
  patchSteps: 10_000_000,
} as const;
