import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { ROOT } from "../child.ts";

const PYTHON: string = join(ROOT, ".peers/smsc/bin/python");
const SCRIPT: string = join(ROOT, "scripts/testing/src/sms/smsc.py");

const LIBRARIES: string = join(ROOT, ".peers/smsc/lib");

/** Whether the SMSC from other hands is installed (`scripts/install-peers smsc`). */
export const smscPresent: boolean =
  existsSync(LIBRARIES) &&
  readdirSync(LIBRARIES).some((python) =>
    ["smpp34", "smpp", "gsm0338"].every((name) => existsSync(join(LIBRARIES, python, "site-packages", name))),
  );

/** One submit_sm as that SMSC read it. */
export interface Submit {
  readonly event: "submit";
  readonly id: string;
  readonly to: string;
  readonly source: string;
  readonly sourceTon: string;
  readonly destTon: string;
  /** As it stood in the PDU, and as a moment. */
  readonly validity: string;
  readonly validUntil: string | null;
  readonly registered: string;
  readonly replace: string;
  readonly coding: number;
  /** The header before the text; null: none. */
  readonly header: readonly number[] | null;
  /** Values of the optional parameters. */
  readonly sar: readonly number[];
  readonly text: string;
}

type Happening =
  | Submit
  | { readonly event: "bind"; readonly status: string; readonly version: number }
  | { readonly event: "unbound" }
  | { readonly event: "report-answered"; readonly status: string }
  | { readonly event: "violation"; readonly what: string };

/** An SMSC on two codecs that share nothing with ours. */
export interface PeerSmsc {
  readonly port: number;
  /** Everything that happened, in order. */
  readonly happened: readonly Happening[];
  /** The messages it took. */
  submits(): Submit[];
  /** Resolves when `holds` does. Rejects when the process has ended. */
  until(holds: () => boolean): Promise<void>;
  report(id: string, stat: string): void;
  throttleNext(messages: number): void;
  stop(): Promise<void>;
}

/** Starts it on a free port of loopback. Rejects with its stderr when it does not start. */
export async function startPeerSmsc(systemId: string, password: string): Promise<PeerSmsc> {
  const child = spawn(PYTHON, [SCRIPT, systemId, password], { stdio: ["pipe", "pipe", "pipe"] });
  const happened: Happening[] = [];
  let watchers: (() => void)[] = [];
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    void gone.then(() => reject(new Error(`the SMSC ended before it was ready:\n${stderr}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = JSON.parse(line) as Happening & { readonly port?: number };
      if (said.port !== undefined) resolve(said.port);
      else happened.push(said);
      for (const watcher of watchers.splice(0)) watcher();
    });
  });
  const tell = (command: object): void => void child.stdin.write(`${JSON.stringify(command)}\n`);
  return {
    port,
    happened,
    submits: () => happened.filter((one) => one.event === "submit"),
    until: async (holds) => {
      while (!holds()) {
        const ended = gone.then(() => {
          throw new Error(`the SMSC ended:\n${stderr}`);
        });
        await Promise.race([new Promise<void>((resolve) => (watchers = [...watchers, resolve])), ended]);
      }
    },
    report: (id, stat) => tell({ report: id, stat }),
    throttleNext: (messages) => tell({ throttle: messages }),
    stop: async () => {
      child.stdin.end();
      child.kill();
      await gone;
    },
  };
}
