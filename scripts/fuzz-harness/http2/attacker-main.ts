// One attack in a process of its own, so that its work is not measured with the answers: ADDRESS PATH ATTACK SECONDS
import { setPriority } from "node:os";
import { ATTACKS, run } from "./attacks.ts";

const [address = "", path = "", name, seconds] = process.argv.slice(2);
const attack = ATTACKS.find((one) => one.name === name);
if (attack === undefined) throw new Error(`${name} is no attack`);
// Its share of the machine is not what is measured, also where those who behave were given a larger one.
setPriority(0);
process.stdout.write('{"ready":true}\n');
const attacked = await run(
  attack,
  { address, path },
  { frames: Infinity, signal: AbortSignal.timeout(1000 * Number(seconds)) },
);
process.stdout.write(`${JSON.stringify({ attacked })}\n`);
process.exit(0);
