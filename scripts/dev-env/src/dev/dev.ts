import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Child } from "@countersign/testing/child";
import { setUpDesk, type Desk } from "../desk.ts";
import { startDesktop } from "../desktop/desktop-server.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { startBankWeb } from "./bank-web.ts";
import { consoleSite } from "./console-site.ts";
import { openDataFolder, type DataFolder } from "./data-folder.ts";
import { freePort } from "./free-port.ts";
import { busForPages, type Page } from "./pages-bus.ts";

/** Where everything of a development installation is. Addresses and paths, never a secret. */
export interface Endpoints {
  /** Page with the links, what to try, and the ledger as it grows. */
  readonly console: string;
  /** The administrators' console. */
  readonly admin: string;
  /** The bank's page: pays in the browser, as the user of `user` with the password in `webPasswordFile`. */
  readonly web: string;
  readonly webPasswordFile: string;
  /** Path of the token that makes the first administrator; it is there until somebody has used it. */
  readonly firstAdminFile: string;
  /** Page of the user's key: display and keypad. */
  readonly key: string;
  /** Page of the user's phone. */
  readonly phone: string;
  /** gRPC address of the core, host:port. */
  readonly core: string;
  readonly serverId: string;
  /** Hexadecimal COSE_Key that receipts are checked with. */
  readonly corePublicKey: string;
  /** Path of the daemon's socket. */
  readonly daemon: string;
  /** Settings for `countersign`: the value of COUNTERSIGN_CONFIG. */
  readonly config: string;
  readonly tokenFiles: { readonly submit: string; readonly execute: string };
  /** The name that user, key and phone belong to. */
  readonly user: string;
  readonly pinFile: string;
  /** The bank's book, a JSON object a line. */
  readonly ledger: string;
  readonly data: string;
}

/** Everything, running. */
export interface Dev {
  readonly endpoints: Endpoints;
  readonly pin: string;
  /** The folder was named by the person and stays. */
  readonly isKept: boolean;
  /** Resolves with the words for it when a part ends that should not. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

const USER = "anna";

/** Starts core, bank, phone, key and daemon on loopback. `data` keeps them over restarts. Throws DataFolderError. */
export async function startDev(options: { readonly data: string | undefined }): Promise<Dev> {
  const data = openDataFolder(options.data);
  // Sockets lie apart from the data: their paths must stay short, and nothing of them is worth keeping.
  const run = mkdtempSync(join(tmpdir(), "countersign-run-"));
  const open: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const part of open.toReversed()) await part.stop();
    rmSync(run, { recursive: true, force: true });
    data.close();
  };
  try {
    const [corePort, webPort, payPort] = [await freePort(8701), await freePort(8702), await freePort(8703)];
    const listen = `127.0.0.1:${corePort}`;
    const web = `http://localhost:${payPort}`;
    const coreArgs = [
      "--web-listen",
      `127.0.0.1:${webPort}`,
      "--console",
      await consoleSite(run),
      "--web-origins",
      web,
    ];
    const channels = ["sandbox"] as const;
    const installation = await startInstallation({ folder: data.folder, mode: "B", channels, listen, coreArgs });
    open.push(installation);
    const desk = await deskOf(installation, data, run, { origin: web, port: await freePort(7411) });
    open.push(desk);
    const bank = await startBankWeb(installation, {
      coreWeb: `http://127.0.0.1:${webPort}`,
      user: USER,
      port: payPort,
      run,
    });
    open.push({ stop: async () => void (await bank.child.stop()) });
    data.finishSetUp();
    // Security keys take no address in numbers.
    const admin = `http://localhost:${webPort}/console/`;
    const endpoints = {
      ...{ ...endpointsOf(installation, desk), admin, web: `${web}/`, webPasswordFile: bank.passwordFile },
    };
    const desktop = await startDesktop(await freePort(8700), endpoints);
    open.push(desktop);
    writeSettings(endpoints, desk.pin);
    return {
      endpoints: { ...endpoints, console: desktop.address },
      pin: desk.pin,
      isKept: data.isKept,
      broken: Promise.race([...installation.children, ...desk.children, installation.core(), bank.child].map(whenGone)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function deskOf(
  installation: Installation,
  { folder, serial, isSetUp }: DataFolder,
  run: string,
  page: Page,
): Promise<Desk> {
  const home = { folder: join(folder, "desk"), run, serial, isSetUp, bus: busForPages(run, page) };
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  return setUpDesk(installation, { userId: USER, chatId: "", mode: "B", home });
}

function endpointsOf(
  installation: Installation,
  desk: Desk,
): Omit<Endpoints, "console" | "admin" | "web" | "webPasswordFile"> {
  const { folder, coreAddress, serverId, corePublicKey, submitTokenFile, executeTokenFile, ledgerFile } = installation;
  return {
    firstAdminFile: join(folder, "secrets", "first-admin.token"),
    key: `${desk.keyUrl}/`,
    phone: `${desk.phoneUrl}/`,
    core: coreAddress,
    serverId,
    corePublicKey,
    daemon: desk.daemonSocket.replace("unix:", ""),
    config: join(folder, "countersign.json"),
    tokenFiles: { submit: submitTokenFile, execute: executeTokenFile },
    user: desk.userId,
    pinFile: join(folder, "pin"),
    ledger: ledgerFile,
    data: folder,
  };
}

function writeSettings(endpoints: Omit<Endpoints, "console">, pin: string): void {
  const { core, serverId, corePublicKey, tokenFiles, daemon, user } = endpoints;
  const settings = { core, serverId, coreKeys: [corePublicKey], tokenFile: tokenFiles.submit, daemon, user };
  writeFileSync(endpoints.config, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  writeFileSync(endpoints.pinFile, `${pin}\n`, { mode: 0o600 });
}

function whenGone(child: Child): Promise<string> {
  return new Promise((resolve) => {
    const tell = (): void => resolve(`${child.process.spawnargs[3]} ended by itself:\n${child.output().slice(-2000)}`);
    // Its reason, which it writes last, may come after it is gone.
    void child.gone.then(tell);
  });
}
