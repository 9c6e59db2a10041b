/** `*` stands for any text, slashes too. Linear in practice and quadratic at worst: it only ever goes back to the last star. */
export function matchesWildcard(text: string, pattern: string): boolean {
  let [at, in_, star, mark] = [0, 0, -1, 0];
  while (at < text.length)
    if (pattern[in_] === "*") [star, mark, in_] = [in_, at, in_ + 1];
    else if (in_ < pattern.length && pattern[in_] === text[at]) [at, in_] = [at + 1, in_ + 1];
    else if (star !== -1) [in_, mark, at] = [star + 1, mark + 1, mark + 1];
    else return false;
  while (pattern[in_] === "*") in_++;
  return in_ === pattern.length;
}

/** More alternatives in braces than these are an attack. */
const MOST_ALTERNATIVES = 64;

/** A folder against a workspace's glob: `packages/*`, `apps/**`, `{apps,libs}/*`. A star stays within a name, `**` stands for any folders. */
export function matchesFolder(folder: string, glob: string): boolean {
  return expandBraces(glob).some((each) =>
    matchesNames(
      folder.split("/"),
      each.split("/").filter((name) => name !== "" && name !== "."),
    ),
  );
}

/** Each star of folders is tried once per name: `reached` holds how far into the pattern the names up to here can be. */
function matchesNames(names: readonly string[], pattern: readonly string[]): boolean {
  let reached = withSkippedStars(new Set([0]), pattern);
  for (const name of names) {
    const next = new Set<number>();
    for (const at of reached) {
      const part = pattern[at];
      if (part === "**") next.add(at);
      else if (part !== undefined && matchesWildcard(name, part)) next.add(at + 1);
    }
    reached = withSkippedStars(next, pattern);
  }
  return reached.has(pattern.length);
}

function withSkippedStars(reached: Set<number>, pattern: readonly string[]): Set<number> {
  for (const at of reached) if (pattern[at] === "**") reached.add(at + 1);
  return reached;
}

function expandBraces(glob: string): string[] {
  let globs = [glob];
  for (let round = 0; round < 4; round++)
    globs = globs
      .flatMap((each) => {
        const match = /^([^{}]*)\{([^{}]*)\}(.*)$/s.exec(each);
        return match === null ? [each] : (match[2] ?? "").split(",").map((choice) => `${match[1]}${choice}${match[3]}`);
      })
      .slice(0, MOST_ALTERNATIVES);
  return globs;
}
