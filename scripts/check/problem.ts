/** Something that a check refuses: where, by which rule, and a sentence why the rule is there. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly why: string;
}

export const renderProblemLine = ({ path, line, rule, why }: Problem) => `${path}${line > 0 ? `:${line}` : ""}  ${rule}\n      ${why}`;
