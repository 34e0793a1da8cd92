import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { has, onTerminal } from "./peers.ts";

const terminalTest = testWith("script", has("/usr/bin/script"));
const folder = tempFolder();

// As sudo and ssh do: a handler notes Ctrl-C, and what is read afterwards knows nothing of it.
terminalTest(
  "Ctrl-C right after a prompt ends the program, also where it had not begun to read",
  async () => {
    const asks = `trap gone=1 INT; printf "Password: "; while [ -z "$gone" ]; do :; done; read -r _; exit 3`;
    // Without exec, the shell around it would end by the same Ctrl-C.
    const run = onTerminal(`exec sh -c '${asks}'`, folder);
    await run.shows(/Password: /);
    run.interrupt();
    expect((await run.ended).exitCode).toBe(3);
  },
  60_000,
);

terminalTest(
  "who waits for a line, and is asked for a password instead, is told what was shown",
  async () => {
    const run = onTerminal(`sh -c 'echo "The key is gone"; printf "Password: "; read -r _'`, folder);
    await expect(run.shows(/Confirmed/)).rejects.toThrow(
      /asks for a password without having shown [^]*The key is gone/,
    );
    run.interrupt();
    await run.ended;
  },
  60_000,
);
