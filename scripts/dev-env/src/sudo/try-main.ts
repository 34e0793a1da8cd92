// examples/sudo/try: three attempts to become root on a host of its own making, told as they happen. No root, no PAM.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepFromTerminal } from "@countersign/testing/child";
import { setUpDesk } from "../desk.ts";
import { startInstallation } from "../installation.ts";
import { LoginHost, type PamEnd } from "./login-host.ts";
import { attended, MEANT, SUDO } from "./owner.ts";

const say = (text: string): void => console.log(text);
const indented = ({ output, exitCode }: PamEnd): string =>
  `${output.replaceAll(/^(?=.)/gm, "    ")}  → ${exitCode === 0 ? "let in" : "not let in"} (exit ${exitCode})\n`;

keepFromTerminal();
const folder = mkdtempSync(join(tmpdir(), "countersign-try-"));
const leave: (() => Promise<unknown>)[] = [];
process.exitCode = 1;
try {
  say("Countersign for sudo   NOT FOR PRODUCTION · a core, a chat, a key and a host, all on this machine\n");
  const installation = await startInstallation({ folder, mode: "B" });
  leave.push(() => installation.stop());
  const bank = installation.children.find(({ process: { spawnargs } }) =>
    spawnargs.includes("examples/bank/src/main.ts"),
  );
  await bank?.stop();
  const desk = await setUpDesk(installation, { mode: "B", userId: "ada", chatId: "4242" });
  leave.push(() => desk.stop());
  const key = desk.daemonSocket.replace("unix:", "");
  const host = await LoginHost.open(installation, { key, users: { ada: "ada" } });
  leave.push(() => host.close());

  say("1  ada types sudo. Key and phone show what a scripted ada means, so she types PIN and code:\n");
  say(MEANT.replaceAll(/^/gm, "    KEY │ "));
  const first = await attended(() => host.start("confirm", SUDO), desk);
  say(indented(first));
  say("2  Somebody else types sudo as ada, on another terminal. Her key shows it, and she rejects:\n");
  const second = await attended(() => host.start("confirm", { ...SUDO, PAM_TTY: "/dev/pts/9" }), desk);
  say(indented(second));
  say("3  The core is away. Nobody gets in, but by a one-time token from the safe; that is logged:\n");
  host.configure({ core: "127.0.0.1:9" });
  const third = await host.start("confirm", SUDO).ended;
  say(indented(third));
  const [token = ""] = await host.newTokens(1);
  const fourth = await host.start("break-glass", SUDO, token).ended;
  say(indented(fourth));
  say(
    `    syslog │ ${
      host
        .logged()
        .split("\n")
        .findLast((line) => line.includes("BREAK-GLASS")) ?? host.logged()
    }\n`,
  );
  say("With PAM, sshd and real sudo: docs/how-to/sudo-and-ssh.md");
  const exits = [first, second, third, fourth].map(({ exitCode }) => exitCode === 0);
  process.exitCode = JSON.stringify(exits) === "[true,false,false,true]" ? 0 : 1;
} finally {
  for (const one of leave.toReversed()) await one();
  rmSync(folder, { recursive: true, force: true });
}
