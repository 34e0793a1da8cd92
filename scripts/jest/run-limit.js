// A thread of Jest's main process, so that it counts on when that is blocked: after its time it names the files that still
// run, ends everything that was started, prints the closing line, and ends the main process.
import { readFileSync, readdirSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const { minutes, ending } = workerData;
let [running, line] = [[], "0 passed, 1 failed, 0 skipped"];
parentPort.on("message", (told) => {
  ({ running, line = line } = told);
});

setTimeout(() => {
  writeSync(2, `\nThe run is ended after ${minutes} minutes. Still running:\n${running.join("\n")}\n`);
  Atomics.store(ending, 0, 1); // Jest is told of the workers' end, and would take it for the run's
  for (const pid of descendants(process.pid)) end(pid);
  writeSync(1, `${line}\n`);
  process.kill(process.pid, "SIGKILL");
}, minutes * 60_000);

/** Jest's workers and what they started, children before their parents. */
function descendants(pid) {
  const children = processes()
    .filter(({ parent }) => parent === pid)
    .flatMap((child) => [...descendants(child.pid), child.pid]);
  return children;
}

function processes() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // pid (name) state parent: the name may hold anything.
        const [, parent] = / \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, "latin1").replace(/^.*\)/s, "")) ?? [];
        return [{ pid: Number(name), parent: Number(parent) }];
      } catch {
        return [];
      }
    });
}

function end(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
