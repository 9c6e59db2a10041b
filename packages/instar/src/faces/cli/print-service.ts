import { join } from "node:path";

export interface ServiceQuestion {
  readonly name: string;
  readonly settingsFolder: string;
  /** The instance's data folder. */
  readonly folder: string;
  /** INSTAR_DATA where it is set: the unit must find the same folder. */
  readonly dataRoot: string | undefined;
  readonly argv: readonly string[];
  readonly operatorPath: string;
  readonly system: boolean;
  readonly home: string;
  readonly user: string;
  /** Its version, where there is one. */
  readonly systemd: number | undefined;
}

/** `DelegateSubgroup=` (systemd.resource-control(5)); older ones do not know it, and then a watchdog holds jobs to their limits. */
const SUBGROUPS_SINCE = 254;

/**
 * A systemd unit that keeps the keeper. `KillMode=process`: a keeper that crashes must not take the agent with it, the next
 * keeper adopts it; `instar down` on stop ends the agent in its own time. systemd restarts the keeper, so nobody else does.
 *
 * `Delegate=` lets Instar hold jobs to their limits in cgroups below the unit's own (`DelegateSubgroup=`: a unit whose own processes are in its way may not give controllers on).
 *
 * `PIDFile=` is how a replacement is followed: when the main process ends, systemd reads it before it does anything else, and goes on with
 * the process that it names, if that one lives in the unit (service_sigchld_event in systemd's service.c; whatever the type).
 */
export function renderSystemdUnit(service: ServiceQuestion): { path: string; text: string; enable: string } {
  const unit = `instar-${service.name}.service`;
  const command = (rest: readonly string[]) => [...service.argv, ...rest, "--folder", service.settingsFolder].map(quote).join(" ");
  const text = `[Unit]
Description=Instar keeps ${service.name} alive while it changes
Documentation=https://instar.invalid/docs
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=${command(["up", "--foreground"])}
ExecStop=${command(["down"])}
PIDFile=${join(service.folder, "keeper", "pid").replaceAll("%", "%%")}
Restart=always
RestartSec=200ms
KillMode=process
Delegate=memory pids cpu
${(service.systemd ?? 0) >= SUBGROUPS_SINCE ? "DelegateSubgroup=instar\n" : ""}TimeoutStopSec=60
WorkingDirectory=${service.settingsFolder.replaceAll("%", "%%")}
Environment=INSTAR_KEEPER_MANAGED=systemd
Environment=${quote(`INSTAR_OPERATOR_PATH=${service.operatorPath}`)}
${service.dataRoot === undefined ? "" : `Environment=${quote(`INSTAR_DATA=${service.dataRoot}`)}\n`}${service.system ? `User=${service.user}\n` : ""}
[Install]
WantedBy=${service.system ? "multi-user.target" : "default.target"}
`;
  const folder = service.system ? "/etc/systemd/system" : join(service.home, ".config", "systemd", "user");
  const user = service.system ? "" : " --user";
  return { path: join(folder, unit), text, enable: `systemctl${user} daemon-reload && systemctl${user} enable --now ${unit}` };
}

/** systemd splits on spaces and expands % and $ (systemd.service(5), "Command lines"). */
function quote(word: string): string {
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
}
