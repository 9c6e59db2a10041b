import process from "node:process";

/**
 * A container's first process inherits every orphan and must reap them, or zombies fill the process table. Node only reaps
 * its own children, the shell reaps all: so the first process becomes a shell that runs the keeper, starts it again when it was
 * killed, and passes on the signal to end. Where there is no shell the container needs an init of its own (`docker run --init`).
 */
export function becomeReaper(environment: Readonly<Record<string, string | undefined>>): void {
  if (process.pid !== 1 || process.execve === undefined) return;
  const kept = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)) as Record<string, string>;
  process.execve("/bin/sh", ["sh", "-c", SCRIPT, "sh", process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...kept,
    INSTAR_KEEPER_MANAGED: "container",
  });
}

const SCRIPT = `
ending=0
trap 'ending=1; kill -TERM "$keeper" 2>/dev/null' TERM INT
while :; do
  "$@" & keeper=$!
  while :; do
    wait "$keeper"; status=$?
    kill -0 "$keeper" 2>/dev/null || break
  done
  [ "$ending" = 1 ] && exit 0
  [ "$status" -gt 128 ] || exit "$status"
  sleep 0.2
done
`;
