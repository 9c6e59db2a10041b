import { FILTER_DESCRIPTOR, STATUS_DESCRIPTOR } from "./plan-launch.ts";

/** What sandbox-runtime leaves out where it calls bubblewrap. */
export interface RuntimeTool {
  /** bubblewrap itself. */
  readonly tool: string;
  /** Files that stand for the machine's own, with where their text lies. */
  readonly madeUp: readonly { readonly path: string; readonly source: string }[];
  readonly hasFilter: boolean;
}

/**
 * A script to be given to sandbox-runtime as its bubblewrap: it calls the real one with more words before the program's own. So a job there has
 * Instar's filter of system calls, which lets unix sockets be, in place of the library's, which forbids them; made-up names; and a /proc that it cannot
 * write. It stays in its session, which has no terminal and stands last in line for the processor. A job is told from the library's own questions to bubblewrap by the descriptor that only jobs are handed.
 */
export function planRuntimeTool({ tool, madeUp, hasFilter }: RuntimeTool): string {
  const more = [
    ...["--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "instar-job"],
    ...(hasFilter ? ["--seccomp", String(FILTER_DESCRIPTOR)] : []),
    ...madeUp.flatMap(({ path, source }) => ["--ro-bind", source, path]),
    ...["--remount-ro", "/proc"],
  ];
  return `#!/bin/sh
if [ -e /proc/self/fd/${STATUS_DESCRIPTOR} ]; then
  placed=
  for word do
    shift
    if [ -z "$placed" ] && [ "$word" = --new-session ]; then
      :
    elif [ -z "$placed" ] && [ "$word" = -- ]; then
      placed=yes
      set -- "$@" ${more.map(quote).join(" ")} --
    else
      set -- "$@" "$word"
    fi
  done
fi
exec ${quote(tool)} "$@"
`;
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
