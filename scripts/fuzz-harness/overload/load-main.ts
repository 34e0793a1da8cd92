// Callers in a process of their own, so that what they cost is not measured with the answers: ADDRESS PID SECONDS TIMES
import { measureLoad } from "./load.ts";

const [address = "", pid, seconds, times] = process.argv.slice(2);
const token = process.env["COUNTERSIGN_LOAD_TOKEN"] ?? "";
process.stdout.write('{"ready":true}\n');
const measured = await measureLoad(
  { address, token, pid: Number(pid) },
  { seconds: Number(seconds), times: Number(times) },
);
process.stdout.write(`${JSON.stringify({ measured })}\n`);
process.exit(0);
