// An agent that is told how its deployments ended, and lives as long as its standard input.
import { connect } from "./index.ts";

process.stdin.resume();
connect().resume(({ update, outcome, asker }) => void process.stdout.write(`told ${update} ${outcome} ${asker}\n`), { everyMs: 600_000 });
