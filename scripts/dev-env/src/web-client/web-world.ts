// A bank with a page, a core, a desk with key, phone and a daemon that pages may ask, and a browser. All of them real.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PATIENT_MS, testWith } from "@countersign/testing";
import { freePort, startChild, type Child } from "@countersign/testing/child";
import type { test } from "@jest/globals";
import { chromium, type Browser, type BrowserContext } from "playwright-core";
import { anotherUser, newSerial, setUpDesk, type Desk } from "../desk.ts";
import { webSite } from "../dev/console-site.ts";
import { startInstallation, type Installation } from "../installation.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";

/** `test` where there is a browser. */
export const browserTest: typeof test | typeof test.skip = testWith("chromium", existsSync(executablePath));

/** A browser and a build beside some ten processes: long on a machine that is busy. */
export const MOST_MS = 600_000;

/** Longest wait for one step of a page: what a page does takes a second, and a key at most some. */
const STEP_MS = 60_000;

/** Who may log in at the bank. A core prompts nobody more than five times in a minute: a file with many payments has several. */
const PEOPLE = ["anna", "bert", "carla"] as const;

export const PASSWORD = "correct horse";

/** How a page is looked at. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  readonly language?: string;
}

export interface WorldOptions {
  /** More members of the tenant's policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

export class WebWorld {
  readonly folder: string;
  readonly installation: Installation;
  readonly desk: Desk;
  /** Origin of the bank's page. */
  readonly origin: string;
  readonly browser: Browser;
  readonly daemonPort: number;
  /** What consoles complained about, and addresses that pages asked for. */
  readonly complaints: string[] = [];
  readonly asked: Set<string> = new Set();
  readonly #parts: {
    readonly coreArgs: readonly string[];
    readonly daemonArgs: readonly string[];
    readonly site: string;
  };
  readonly #children: Child[];

  private constructor(
    given: Pick<WebWorld, "folder" | "installation" | "desk" | "origin" | "browser" | "daemonPort">,
    parts: { readonly coreArgs: readonly string[]; readonly daemonArgs: readonly string[]; readonly site: string },
    children: Child[],
  ) {
    ({
      folder: this.folder,
      installation: this.installation,
      desk: this.desk,
      origin: this.origin,
      browser: this.browser,
      daemonPort: this.daemonPort,
    } = given);
    this.#parts = parts;
    this.#children = children;
  }

  static async open({ policy = {} }: WorldOptions = {}): Promise<WebWorld> {
    // Short: sockets lie in it.
    const folder = mkdtempSync(join(tmpdir(), "cs-"));
    const [corePort, bankPort, otherPort, daemonPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const origin = `http://localhost:${bankPort}`;
    const origins = `${origin},http://localhost:${otherPort}`;
    const coreArgs = ["--web-listen", `127.0.0.1:${corePort}`, "--web-origins", origins, "--console", "none"];
    const webauthn = { rpId: "localhost", origins: [origin], passkeys: "allowed" };
    const installation = await startInstallation({
      ...{ folder: join(folder, "core"), mode: "B", coreArgs, policy: { webauthn, ...policy } },
    });
    const keySocket = join(folder, "key.sock");
    const pages = [
      "--web-origin",
      origin,
      "--web-origin",
      `http://localhost:${otherPort}`,
      "--state",
      join(folder, "state"),
    ];
    const bus = {
      key: ["--socket", keySocket],
      daemon: [
        ...["--key-socket", keySocket, "--key-patience", "30", "--web-port", String(daemonPort)],
        ...[...pages, "--pinentry", yesMan(folder)],
      ],
    };
    mkdirSync(join(folder, "desk"), { mode: 0o700 });
    const home = { folder: join(folder, "desk"), run: folder, serial: newSerial(), isSetUp: false, bus };
    const desk = await setUpDesk(installation, { userId: "anna", chatId: "7000", mode: "B", home });
    const site = await webSite(folder);
    const coreWeb = `http://127.0.0.1:${corePort}`;
    const bank = await startBankWeb({ folder, installation, site, coreWeb, port: bankPort });
    const browser = await chromium.launch({ executablePath, timeout: PATIENT_MS, args: ["--no-sandbox"] });
    const daemonArgs = ["--socket", join(folder, "d", "daemon.sock"), ...bus.daemon];
    const world = new WebWorld(
      { folder, installation, desk, origin, browser, daemonPort },
      { coreArgs, daemonArgs, site },
      [bank],
    );
    world.#otherPort = otherPort;
    return world;
  }

  #otherPort = 0;
  #state: Awaited<ReturnType<BrowserContext["storageState"]>> | undefined;

  /** Another page of the bank, which reaches the core through somebody else. */
  async bankThrough(coreWeb: string): Promise<string> {
    const { folder, installation } = this;
    const { site } = this.#parts;
    this.#children.push(await startBankWeb({ folder, installation, site, coreWeb, port: this.#otherPort }));
    return this.otherOrigin;
  }

  get otherOrigin(): string {
    return `http://localhost:${this.#otherPort}`;
  }

  /** A browser of its own: paired with the daemon if one before it was. */
  async context({ width = 1280, height = 900, scheme = "light", language = "en" }: Look = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      ...{ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce", acceptDownloads: true },
      ...{ timezoneId: "UTC", locale: language },
      ...(this.#state === undefined ? {} : { storageState: this.#state }),
    });
    context.setDefaultTimeout(STEP_MS);
    context.on("request", (request) => void this.asked.add(new URL(request.url()).origin));
    context.on("weberror", (error) => void this.complaints.push(error.error().message));
    context.on("console", (message) => void (message.type() === "error" && this.complaints.push(message.text())));
    return context;
  }

  /** Later browsers are paired as this one is. Nobody is logged in. */
  async remember(context: BrowserContext): Promise<void> {
    const { origins } = await context.storageState();
    this.#state = { origins, cookies: [] };
  }

  /** Somebody else at the same desk, with a chat of his own. */
  async bert(): Promise<Desk> {
    return anotherUser(this.installation, this.desk, { userId: "bert", chatId: "7001" });
  }

  async restartCore(): Promise<void> {
    await this.installation.restartCore(this.#parts.coreArgs);
  }

  /** Ends the daemon, as a crash does. */
  async killDaemon(): Promise<void> {
    await this.#daemon().stop("SIGKILL");
    rmSync(join(this.folder, "d", "daemon.sock"), { force: true });
  }

  async startDaemon(): Promise<void> {
    this.#children.push(await startChild("device-daemon/daemon/src/main.ts", this.#parts.daemonArgs));
  }

  /** Everything that the programs of this world wrote. */
  output(): string {
    return [...this.installation.children, ...this.desk.children, ...this.#children]
      .map((child) => child.output())
      .concat(this.installation.coreOutput())
      .join("");
  }

  async close(): Promise<void> {
    await this.browser.close();
    for (const child of this.#children) await child.stop();
    await this.desk.stop();
    await this.installation.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #daemon(): Child {
    const found = [...this.desk.children, ...this.#children].findLast(({ process: { spawnargs } }) =>
      spawnargs.some((each) => each.endsWith("daemon/src/main.ts")),
    );
    if (found === undefined) throw new Error("there is no daemon");
    return found;
  }
}

interface BankWebOptions {
  readonly folder: string;
  readonly installation: Installation;
  readonly site: string;
  readonly coreWeb: string;
  readonly port: number;
}

function startBankWeb({ folder, installation, site, coreWeb, port }: BankWebOptions): Promise<Child> {
  const { coreAddress, serverId, corePublicKey, submitTokenFile } = installation;
  const users: Record<string, string> = {};
  for (const name of PEOPLE) {
    users[name] = join(folder, `${name}.password`);
    writeFileSync(users[name], PASSWORD, { mode: 0o600 });
  }
  const setUp = { core: coreAddress, coreWeb, serverId, coreKeys: [corePublicKey], tokenFile: submitTokenFile, users };
  const path = join(folder, `bank-${port}.json`);
  writeFileSync(path, JSON.stringify(setUp), { mode: 0o600 });
  return startChild("examples/bank/src/web/main.ts", [
    ...["--set-up", path, "--site", site, "--listen", `127.0.0.1:${port}`],
  ]);
}

/** A prompt of which everything is answered with yes. */
function yesMan(folder: string): string {
  const path = join(folder, "pinentry");
  const script = `#!/bin/sh\necho "OK"\nwhile read -r line; do echo "OK"; case $line in BYE*) exit;; esac; done\n`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}
