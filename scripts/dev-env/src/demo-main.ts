// scripts/demo: parses the command line, runs the demo, exits with the client's exit code.
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { keepFromTerminal, ROOT } from "@countersign/testing/child";
import { demo } from "./demo.ts";
import type { ModeName } from "./installation.ts";
import { ATTACKS, type Attack } from "./mitm/attacks.ts";
import { untilSignal } from "./until-signal.ts";

const HELP = `scripts/demo [FILE] [--mode A|B|C] [--attack NAME] [--user careful|careless] [--auto] [--json] [--trace FILE]

Runs the main job once, on parts of its own: core, chat bot, bank, smart key, daemon, client.
FILE is an ISO 20022 pain.001 file; without one, examples/bank/samples/invoice.xml.
Without --auto, on a terminal, you are the user: the demo prints the addresses of your key and your phone.

modes    A the key shows, the chat carries the code alone · B both show (default) · C the chat shows
attacks  ${ATTACKS.join(" · ")}
exit     the client's exit code: 0 executed, 2 refused input, 10 rejected on the key, 12 tampered, 13 veto in the chat,
         20 the answer does not verify, 22 duplicate; docs/how-to/exit-codes.md has all
`;

function usage(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        mode: { type: "string", default: "B" },
        attack: { type: "string" },
        user: { type: "string", default: "careful" },
        auto: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        trace: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
})();

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [file = resolve(ROOT, "examples/bank/samples/invoice.xml"), ...more] = positionals;
if (more.length > 0) usage(`One file at a time: ${more.join(" ")} is too much.`);
if (!/^[ABC]$/.test(values.mode)) usage(`There is no mode ${values.mode}.`);
if (values.attack !== undefined && !(ATTACKS as readonly string[]).includes(values.attack))
  usage(`There is no attack ${values.attack}.`);
if (values.user !== "careful" && values.user !== "careless")
  usage(`A user is careful or careless, not ${values.user}.`);

const scripted = values.auto || values.json || !process.stdin.isTTY;
keepFromTerminal();
const ending = new AbortController();
void untilSignal().then(() => ending.abort());
process.exitCode = await demo({
  file: resolve(process.env["CALLED_FROM"] ?? process.cwd(), file),
  mode: values.mode as ModeName,
  attack: values.attack as Attack | undefined,
  user: scripted ? values.user : "person",
  json: values.json,
  trace: values.trace === undefined ? undefined : resolve(process.env["CALLED_FROM"] ?? process.cwd(), values.trace),
  signal: ending.signal,
});
