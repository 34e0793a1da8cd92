// examples/deploy/try: pushes to a repository with the hook, told as they happen.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepFromTerminal } from "@countersign/testing/child";
import { startClient } from "../crash/client.ts";
import { setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { Hands } from "../scenarios/hands.ts";
import { GitServer, type PushEnd } from "./git-server.ts";

const isBank = (args: readonly string[]): boolean => args.includes("examples/bank/src/main.ts");
const say = (text: string): void => console.log(text);
const indented = ({ output, exitCode }: PushEnd): string =>
  `${output.replaceAll(/^(?=.)/gm, "    ")}  → ${exitCode === 0 ? "taken" : "not taken"}\n`;

keepFromTerminal();
const folder = mkdtempSync(join(tmpdir(), "countersign-try-"));
process.exitCode = 1;
let installation: Installation | undefined;
let desk: Desk | undefined;
try {
  say("Countersign for deploys   NOT FOR PRODUCTION · a core, a chat, a key and a git server, all on this machine\n");
  installation = await startInstallation({ folder, mode: "B" });
  await installation.children.find(({ process: { spawnargs } }) => isBank(spawnargs))?.stop();
  desk = await setUpDesk(installation, { mode: "B", userId: "anna", chatId: "4242" });
  const server = new GitServer(installation);
  server.set("approver", desk.userId);
  const commit = server.commit();
  say("1  ada pushes main. That is guarded by nothing:\n");
  const main = await server.push([`${commit}:refs/heads/main`]).ended;
  say(indented(main));
  say("2  ada pushes the tag prod-1. Its approver runs countersign approve on his own PC; his key shows:\n");
  const push = server.push([`${commit}:refs/tags/prod-1`]);
  const [, tag = ""] = await push.shows(/remote: +([A-Z]+ [A-Z]+) /);
  const approving = startClient(installation, desk, ["approve", tag]);
  for (const { label, value } of await new Hands(desk).confirm()) say(`    KEY │ ${label}: ${value}`);
  await approving.ended;
  const prod = await push.ended;
  say(indented(prod));
  say("3  The core is away. The next prod tag is not taken:\n");
  server.reach("127.0.0.1:9");
  const away = await server.push([`${commit}:refs/tags/prod-2`]).ended;
  say(indented(away));
  say("On a server of your own: docs/how-to/deploy-by-git.md");
  const exits = [main, prod, away].map(({ exitCode }) => exitCode === 0);
  process.exitCode = JSON.stringify(exits) === "[true,true,false]" ? 0 : 1;
} finally {
  await desk?.stop();
  await installation?.stop();
  rmSync(folder, { recursive: true, force: true });
}
