// Real sudo while core, bot, phone, key or daemon are away: nothing runs, the terminal says what to do next, and whoever
// gets in by break-glass is in syslog and in the file.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { LoginHost } from "./login-host.ts";
import { clearLeftovers } from "./own-name.ts";
import { addAccount, addPamService, addSudoRules, asAccount, type Typed } from "./peers.ts";
import { hasSudo } from "./run-host.ts";

const peerTest = testWith("sudo", hasSudo);
const folder = tempFolder();
const leave: (() => unknown)[] = [];
let scene: Scene;
let host: LoginHost;
let account: ReturnType<typeof addAccount>;
let service: ReturnType<typeof addPamService>;

beforeAll(async () => {
  if (!hasSudo) return;
  clearLeftovers();
  scene = await Scene.open({ folder, mode: "B" });
  leave.push(() => scene.close());
  await scene.stopBank();
  host = await LoginHost.open(scene.installation, { users: {} });
  leave.push(() => host.close());
  account = addAccount();
  leave.push(() => account.remove());
  service = addPamService(host);
  leave.push(() => service.remove());
  const rules = addSudoRules([
    `Defaults:${account.name} pam_service=${service.name}, timestamp_timeout=0, passwd_tries=1, !lecture`,
    `${account.name} ALL=(root) /usr/bin/touch`,
  ]);
  leave.push(() => rules.remove());
}, 400_000);
afterAll(async () => {
  for (const one of leave.toReversed()) await one();
});

const touch = (mark: string): Typed => asAccount(account, ["sudo", "/usr/bin/touch", mark]);

/** Something that a confirmation needs goes away. */
interface Away {
  /** A user whose it is. */
  readonly owner: () => Promise<Somebody>;
  /** Resolves once it is gone. */
  readonly leaves: (owner: Somebody) => Promise<unknown> | undefined;
  readonly comesBack?: () => Promise<unknown>;
  /** Goes while the key asks, instead of before. */
  readonly midway: boolean;
  /** What the terminal says: as it goes, and when it is gone from the start. */
  readonly says: readonly [first: RegExp, again: RegExp];
}

const someone = (): Promise<Somebody> => scene.user();
const alone = (): Promise<Somebody> => scene.userAtOwnDesk();
const unplugged = ({ desk: { children } }: Somebody): Promise<unknown> | undefined => children[0]?.stop("SIGKILL");
const daemonDead = ({ desk: { children } }: Somebody): Promise<unknown> | undefined => children[1]?.stop("SIGKILL");
const NO_KEY = /No key\. Plug it in and try again/;
const NO_ANSWER = /do not answer, so nobody can confirm\. Try again later; in an emergency: break-glass/;
const NO_PHONE = /Your phone could not be reached\. Check its chat, then try again/;

const ROWS: readonly (readonly [name: string, away: Away])[] = [
  ["the key is unplugged", { owner: alone, leaves: unplugged, midway: true, says: [NO_KEY, NO_KEY] }],
  ["the daemon dies", { owner: alone, leaves: daemonDead, midway: true, says: [NO_ANSWER, NO_ANSWER] }],
  [
    "the phone takes no message",
    {
      owner: someone,
      leaves: ({ desk }) => fetch(`${desk.phoneUrl}/block`, { method: "POST" }),
      midway: false,
      says: [NO_PHONE, NO_PHONE],
    },
  ],
  [
    "the bot is dead",
    {
      owner: someone,
      leaves: () => scene.installation.bot().process.stop("SIGKILL"),
      comesBack: () => scene.installation.bot().restart(),
      midway: false,
      says: [/No confirmation in time/, /No confirmation in time/],
    },
  ],
  [
    "the core dies",
    {
      owner: someone,
      leaves: () => scene.installation.core().stop("SIGKILL"),
      comesBack: () => scene.installation.restartCore(),
      midway: true,
      says: [NO_ANSWER, NO_ANSWER],
    },
  ],
];

peerTest.each(ROWS)(
  "%s: nothing runs, the terminal says what to do next, break-glass is logged",
  async (name, { owner, leaves, comesBack, midway, says }) => {
    const ada = await owner();
    const key = ada.desk.daemonSocket.replace("unix:", "");
    const users = { [account.name]: ada.desk.userId };
    host.configure({ key, users, grantServices: [service.name], waitSeconds: midway ? 100 : 10 });
    const mark = join(folder, name.replaceAll(" ", "-"));
    const before = host.used().length;
    try {
      if (!midway) await leaves(ada);
      const refused = touch(mark);
      if (midway) {
        await ada.hands.isAsked();
        await leaves(ada);
      }
      await refused.shows(says[0]);
      await refused.shows(/password for/);
      refused.interrupt();
      const end = await refused.ended;
      expect({ ran: existsSync(mark), well: end.exitCode === 0, used: host.used().length }).toEqual({
        ran: false,
        well: false,
        used: before,
      });

      const [token = ""] = await host.newTokens(1);
      const inEmergency = touch(mark);
      await inEmergency.shows(says[1]);
      await inEmergency.shows(/password for/);
      expect(existsSync(mark)).toBe(false);
      inEmergency.type(`${token}\r`);
      const { exitCode, output } = await inEmergency.ended;
      expect({ exitCode, output, ran: existsSync(mark) }).toEqual({
        exitCode: 0,
        output: expect.stringContaining("WARNING: let in by break-glass") as unknown,
        ran: true,
      });
      expect(host.used().slice(before)).toEqual([
        expect.objectContaining({ user: account.name, service: service.name }),
      ]);
      const uses = host.logged().match(new RegExp(`BREAK-GLASS USED, ${account.name} through ${service.name}`, "g"));
      expect(uses).toHaveLength(before + 1);
    } finally {
      await comesBack?.();
    }
  },
  400_000,
);
