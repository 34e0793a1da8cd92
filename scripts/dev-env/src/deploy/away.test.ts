// how-to/deploy-by-git.md: what the pusher reads while something is away that a confirmation needs, what two pushes at once
// do, and how an administrator gets past it in an emergency.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { fencedBlocks } from "@countersign/testing/doc-blocks";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { git, GitServer, hasGit, type Push } from "./git-server.ts";

const peerTest = testWith("git", hasGit);
const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
  await scene.stopBank();
}, 400_000);
afterAll(() => scene?.close());

/** Something that a confirmation needs goes away. */
interface Away {
  readonly approver: () => Promise<Somebody>;
  /** Resolves once it is gone. */
  readonly leaves: (approver: Somebody) => Promise<unknown> | undefined;
  readonly comesBack?: () => Promise<unknown>;
  /** Goes while the key asks, instead of before. */
  readonly midway: boolean;
  /** What the pusher reads. */
  readonly says: string;
}

const someone = (): Promise<Somebody> => scene.user();
const alone = (): Promise<Somebody> => scene.userAtOwnDesk();
const AGAIN = "at key and phone, then push again";

const ROWS: readonly (readonly [name: string, away: Away])[] = [
  [
    "the key is unplugged",
    { approver: alone, leaves: ({ desk }) => desk.children[0]?.stop("SIGKILL"), midway: true, says: AGAIN },
  ],
  [
    "the phone takes no message",
    {
      approver: someone,
      leaves: ({ desk }) => fetch(`${desk.phoneUrl}/block`, { method: "POST" }),
      midway: false,
      says: "Your phone could not be reached",
    },
  ],
  [
    "the bot is dead",
    {
      approver: someone,
      leaves: () => scene.installation.bot().process.stop("SIGKILL"),
      comesBack: () => scene.installation.bot().restart(),
      midway: false,
      says: AGAIN,
    },
  ],
  [
    "the core dies",
    {
      approver: someone,
      leaves: () => scene.installation.core().stop("SIGKILL"),
      comesBack: () => scene.installation.restartCore(),
      midway: true,
      says: "does not answer",
    },
  ],
];

function serverFor({ desk }: Somebody): GitServer {
  const server = new GitServer(scene.installation);
  server.set("approver", desk.userId);
  return server;
}

const tagOf = async (push: Push): Promise<string> => (await push.shows(/remote: +([A-Z]+ [A-Z]+) /))[1] ?? "";

peerTest.each(ROWS)(
  "%s: nothing is taken, and the pusher reads what to do next",
  async (_name, { approver, leaves, comesBack, midway, says }) => {
    const ada = await approver();
    const server = serverFor(ada);
    // What is left of its time when somebody takes it up has to be enough for a code.
    server.set("timeout", midway ? "40" : "10");
    try {
      if (!midway) await leaves(ada);
      const push = server.push([`${server.commit()}:refs/heads/prod-a`]);
      if (midway) {
        const client = ada.run("approve", await tagOf(push));
        await ada.hands.keyShows("pages");
        await leaves(ada);
        void client.ended;
      }
      const { exitCode, output } = await push.ended;
      expect({ well: exitCode === 0, output }).toEqual({
        well: false,
        output: expect.stringContaining(says) as unknown,
      });
      expect(output).toContain("Nothing of this push was taken");
      expect(server.at("refs/heads/prod-a")).toBe("");
    } finally {
      await comesBack?.();
    }
  },
  400_000,
);

peerTest(
  "two pushes to one ref at once: the first that is confirmed moves it, the other one never",
  async () => {
    const ada = await scene.user();
    const server = serverFor(ada);
    const [first, second] = [server.commit(), server.commit()];
    const pushes = [first, second].map((commit) => server.push([`${commit}:refs/heads/prod-a`]));
    const exits: boolean[] = [];
    for (const push of pushes) {
      const client = ada.run("approve", await tagOf(push));
      await ada.hands.confirm();
      await client.ended;
      exits.push((await push.ended).exitCode === 0);
    }
    expect(exits).toEqual([true, false]);
    expect(server.at("refs/heads/prod-a")).toBe(first);
  },
  400_000,
);

peerTest(
  "a hook that is killed takes nothing, also where its question is confirmed afterwards",
  async () => {
    const ada = await scene.user();
    const server = serverFor(ada);
    const push = server.push([`${server.commit()}:refs/heads/prod-a`]);
    const tag = await tagOf(push);
    push.interrupt("SIGKILL");
    await push.ended;
    const client = ada.run("approve", tag);
    await Promise.race([client.ended, ada.hands.confirm().catch(() => undefined)]);
    client.kill();
    await client.ended;
    expect(server.at("refs/heads/prod-a")).toBe("");
  },
  400_000,
);

peerTest("in an emergency the administrator moves the ref, with a reason that stays", () => {
  const server = new GitServer(scene.installation);
  const commit = server.commit();
  git(server.clone, "push", "--quiet", server.bare, `${commit}:refs/heads/main`);
  const bin = mkdtempSync(join(folder, "bin-"));
  const told = join(bin, "told");
  // There is no log of the system where tests run.
  writeFileSync(join(bin, "logger"), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${told}'\n`, { mode: 0o755 });
  const [setUp = "", glass = ""] = fencedBlocks("docs/how-to/deploy-by-git.md").map(({ body }) => body);
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, WHO: "anna", WHY: "the core is down" };
  const run = (script: string): void => {
    const given = { ...env, REF: "refs/heads/prod-a", COMMIT: commit };
    const ran = spawnSync("sh", ["-eu", "-c", script], { cwd: server.bare, env: given, encoding: "utf8" });
    expect(ran).toMatchObject({ status: 0, stderr: "" });
  };
  run(setUp);
  expect(git(server.bare, "config", "countersign.approver")).toBe("anna");
  run(glass);
  expect(server.at("refs/heads/prod-a")).toBe(commit);
  const line = "BREAK-GLASS by anna: the core is down";
  expect(git(server.bare, "reflog", "show", "refs/heads/prod-a")).toContain(line);
  expect(readFileSync(told, "utf8")).toContain(`BREAK-GLASS by anna: refs/heads/prod-a is ${commit}: the core is down`);
});
