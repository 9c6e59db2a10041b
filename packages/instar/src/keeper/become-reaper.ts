import process from "node:process";

/**
 * A container's first process inherits every orphan and must reap them, or zombies fill the process table. Node only reaps
 * its own children, the shell reaps all: so the first process becomes a shell that runs the keeper, starts it again when it was
 * killed, follows the one that replaced it, and passes on the signal to end. Where there is no shell the container needs an init
 * of its own (`docker run --init`).
 *
 * @param pidPath where the keeper writes its pid; a keeper that was told to end leaves no such file
 */
export function becomeReaper(environment: Readonly<Record<string, string | undefined>>, pidPath: string): void {
  if (process.pid !== 1 || process.execve === undefined) return;
  const kept = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)) as Record<string, string>;
  process.execve("/bin/sh", ["sh", "-c", SCRIPT, pidPath, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...kept,
    INSTAR_KEEPER_MANAGED: "container",
  });
}

/** $0: the pid's file; $@: the keeper. */
const SCRIPT = `
ending=0
trap 'ending=1; kill -TERM "$keeper" 2>/dev/null' TERM INT
while :; do
  rm -f "$0"
  "$@" & keeper=$!
  while :; do
    wait "$keeper"; status=$?
    kill -0 "$keeper" 2>/dev/null || break
  done
  # A keeper that was replaced is followed by one that is no job of this shell: it cannot be waited for, only looked at.
  while other=$(head -n 1 "$0" 2>/dev/null) && [ -n "$other" ] && [ "$other" != "$keeper" ] && kill -0 "$other" 2>/dev/null; do
    keeper=$other; status=137
    [ "$ending" = 1 ] && kill -TERM "$keeper" 2>/dev/null
    while kill -0 "$keeper" 2>/dev/null; do sleep 0.2; done
    [ -e "$0" ] || status=0
  done
  [ "$ending" = 1 ] && exit 0
  [ "$status" -gt 128 ] || [ -e "$0" ] || exit "$status"
  sleep 0.2
done
`;
