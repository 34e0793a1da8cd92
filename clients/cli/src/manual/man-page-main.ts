// Writes the manual page to stdout; scripts/generate.ts keeps it.
import { manPage } from "./man-page.ts";
import { buildProgram } from "../program.ts";

const io = {
  ...{ stdout: process.stdout, stderr: process.stderr, env: {}, folder: "." },
  onInterrupt: () => () => undefined,
  readSecret: () => Promise.resolve(undefined),
  now: () => 0,
};
process.stdout.write(manPage(buildProgram(io, () => undefined)));
