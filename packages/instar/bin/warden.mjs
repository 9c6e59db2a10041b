// Runs inside a sandbox, in front of a program: plain JavaScript without dependencies, on Instar's own Node.
//
//   warden.mjs service <folder> -- <program> …      the daemon speaks with it: connections to ports in here, programs beside the program, signals
//   warden.mjs registries <folder> -- <program> …   a port of the loopback in here leads to the registry proxy outside
//
// The folder holds one socket, "door", on which the other side listens. Everything is dialled from in here: outside, no path is ever opened that a
// program in here could have put there. The program could dial the door too, and lie: it only ever lies about itself.
// What is said on the control connection is one JSON object a line. src/sandbox/warden-door.ts is the other half.
import { spawn } from "node:child_process";
import { writeFileSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { constants } from "node:os";

const [mode, folder, , program, ...args] = process.argv.slice(2);
/** Variables that would work on this process instead of the program wear this in front of their names until the program starts. */
const HELD = "INSTAR_HELD_";
/** The job's marker: whoever carries it is found and ended with the job. */
const MARKER = "INSTAR_JOB";
const OUTPUT_BYTES = 1_048_576;
const LINE_BYTES = 4 * 1_048_576;
const DIAL_MS = 10_000;
/** Of a program that has ended, a child may still hold the output. */
const DRAIN_MS = 250;
const isLinux = process.platform === "linux";

const cwd = process.cwd();
const environment = restoreHeld(process.env);
/** A path to a socket may have about a hundred bytes; a name in the working folder is always short enough. */
process.chdir(folder);
if (mode === "service") keepService();
else if (mode === "registries") relayRegistries();
else process.exit(64);

function restoreHeld(held) {
  return Object.fromEntries(Object.entries(held).map(([name, value]) => [name.startsWith(HELD) ? name.slice(HELD.length) : name, value]));
}

function dialDoor() {
  return connect({ path: "door", allowHalfOpen: true });
}

// --- a service

function keepService() {
  const control = dialDoor();
  const groups = new Set();
  let child;
  const say = (message) => control.writable && control.write(`${JSON.stringify(message)}\n`);
  control.on("error", () => {});
  control.on("connect", () => {
    say({ hello: "control" });
    child = startProgram();
  });
  // Whoever asked for the program is gone: it must not outlive that.
  control.on("close", () => end(child, () => process.exit(1)));
  readLines(control, (message) => obey(message, { child, groups, say }));

  /** A group of its own: what a signal is meant for is then told apart from this process. Elsewhere than on Linux a job is ended by its group, so it must not leave that. */
  function startProgram() {
    const started = spawn(program, args, { cwd, env: environment, detached: isLinux, stdio: ["ignore", "inherit", "inherit"] });
    if (isLinux) standLast(started.pid);
    started.on("spawn", () => say({ said: "started", pid: started.pid }));
    started.on("error", (error) => {
      if (started.pid !== undefined) return;
      say({ said: "not-started", because: error.code ?? error.message });
      leave(127);
    });
    started.on("exit", (status, signal) => {
      say({ said: "ended", status, signal });
      leave(shellStatus(status, signal));
    });
    return started;
  }

  function leave(status) {
    for (const pid of groups) kill(-pid, "SIGKILL");
    control.removeAllListeners("close");
    setTimeout(() => process.exit(status), 1_000);
    control.end(() => process.exit(status));
  }
}

function end(child, done) {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return done();
  child.removeAllListeners("exit").on("exit", done);
  kill(isLinux ? -child.pid : child.pid, "SIGKILL");
}

function obey(message, service) {
  const { child } = service;
  switch (message.do) {
    case "connect":
      return dialPort(message, ["127.0.0.1", "::1"], service.say);
    case "exec":
      return runBeside(message, service.groups);
    case "signal":
      if (child?.pid !== undefined) kill(isLinux ? -child.pid : child.pid, message.signal);
  }
}

/** To one address after the other; the first that takes the connection is joined with a new one to the door. */
function dialPort({ id, port }, [host, ...others], say) {
  const inner = connect({ host, port, allowHalfOpen: true });
  inner.setTimeout(DIAL_MS, () => inner.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
  inner.once("error", (error) => {
    if (others.length > 0) dialPort({ id, port }, others, say);
    else say({ said: "refused", id, code: error.code ?? "ECONNREFUSED" });
  });
  inner.once("connect", () => {
    inner.setTimeout(0);
    inner.removeAllListeners("error");
    const outer = dialDoor();
    outer.write(`${JSON.stringify({ hello: id })}\n`);
    join(inner, outer);
  });
}

function join(one, other) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
  }
}

function runBeside({ id, argv, cwd: at, environment: given, without, timeoutMs }, groups) {
  const added = Object.fromEntries(Object.entries(environment).filter(([name]) => !without.includes(name)));
  const env = { ...added, ...given, ...(environment[MARKER] === undefined ? {} : { [MARKER]: environment[MARKER] }) };
  let answer;
  const settle = (end) => {
    if (answer !== undefined) return;
    answer = { ...end, stdout: output.stdout.text(), stderr: output.stderr.text() };
    const line = dialDoor();
    line.on("error", () => {});
    line.end(`${JSON.stringify({ hello: id })}\n${JSON.stringify(answer)}\n`);
  };
  const output = { stdout: keepHead(), stderr: keepHead() };
  let beside;
  try {
    beside = spawn(argv[0], argv.slice(1), { cwd: at, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    return settle({ kind: "not-started", because: error.code ?? error.message });
  }
  beside.on("error", (error) => settle({ kind: "not-started", because: error.code ?? error.message }));
  if (beside.pid === undefined) return;
  if (isLinux) standLast(beside.pid);
  groups.add(beside.pid);
  for (const name of ["stdout", "stderr"]) beside[name].on("data", output[name].write).on("error", () => {});
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    kill(-beside.pid, "SIGKILL");
  }, timeoutMs);
  beside.on("exit", (status, signal) => {
    clearTimeout(deadline);
    kill(-beside.pid, "SIGKILL");
    groups.delete(beside.pid);
    const found = isLate
      ? { kind: "timed-out", because: `it had not ended after ${timeoutMs} ms` }
      : signal === null
        ? { kind: "exited", status }
        : { kind: "signalled", because: signal };
    beside.on("close", () => settle(found));
    setTimeout(() => settle(found), DRAIN_MS);
  });
}

/**
 * A session of its own stands anew in the line for the processor (sched(7), autogroup): it goes to its end, where its job is. Without privileges the
 * kernel lets only one such change pass every tenth of a second, whoever's it is.
 */
function standLast(pid, tries = 20) {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "10");
  } catch (error) {
    // Otherwise it did not start, or this system has no such thing.
    if (error.code === "EAGAIN" && tries > 0) setTimeout(() => standLast(pid, tries - 1), 150).unref();
  }
}

function keepHead() {
  const chunks = [];
  let left = OUTPUT_BYTES;
  return {
    write: (chunk) => {
      if (left > 0) chunks.push(chunk.subarray(0, left));
      left -= chunk.length;
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

function readLines(socket, take) {
  let open = "";
  socket.setEncoding("utf8");
  socket.on("data", (text) => {
    const pieces = (open + text).split("\n");
    open = pieces.pop();
    if (open.length > LINE_BYTES) socket.destroy();
    for (const piece of pieces) take(JSON.parse(piece));
  });
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

// --- registries

function relayRegistries() {
  const relay = createServer({ allowHalfOpen: true }, (inner) => join(inner, dialDoor()));
  relay.maxConnections = 256;
  relay.listen({ host: "127.0.0.1", port: 0 }, () => {
    const child = spawn(program, args, {
      cwd,
      env: { ...environment, ...nameProxy(`http://127.0.0.1:${relay.address().port}`) },
      stdio: ["ignore", "inherit", "inherit"],
    });
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => {
      if (child.pid !== undefined) return;
      tell(`${program} could not be started: ${error.code ?? error.message}`);
      process.exit(error.code === "EACCES" ? 126 : 127);
    });
    child.on("exit", (status, signal) => tellRefused(() => process.exit(shellStatus(status, signal))));
  });
}

/** Every program has variables of its own for this; an empty list of exceptions, since nothing is reached in any other way. */
function nameProxy(url) {
  const proxies = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  const own = ["npm_config_proxy", "npm_config_https_proxy", "PIP_PROXY", "YARN_HTTP_PROXY", "YARN_HTTPS_PROXY"];
  return {
    ...Object.fromEntries([...proxies, ...own].map((name) => [name, url])),
    ...{ no_proxy: "", NO_PROXY: "", npm_config_noproxy: "" },
    // Node's own http and fetch look at the variables only where this is set.
    NODE_USE_ENV_PROXY: "1",
  };
}

/** The last thing in the job's output: what was asked for and not reached. */
function tellRefused(done) {
  const ask = dialDoor();
  let answer = "";
  ask.setTimeout(1_000, () => ask.destroy());
  ask.on("error", () => {});
  ask.on("data", (chunk) => {
    if (answer.length < 16_384) answer += chunk;
  });
  ask.on("close", () => {
    for (const line of answer.split("\r\n\r\n").slice(1).join("").split("\n")) if (line !== "") tell(line);
    done();
  });
  ask.on("end", () => ask.end());
  ask.write("GET /refused HTTP/1.0\r\n\r\n");
}

function tell(line) {
  try {
    writeSync(2, `instar: ${line}\n`);
  } catch {
    // Nobody reads it.
  }
}

/** As a shell would say it. */
function shellStatus(status, signal) {
  return signal === null ? status : 128 + constants.signals[signal];
}
