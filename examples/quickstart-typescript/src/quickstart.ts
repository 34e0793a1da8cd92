// Has a payment confirmed: one call takes it to the key, follows it to its end and verifies its receipt. See README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { confirm, openCore, openDaemon, readTokenFile } from "@countersign/sdk";
import { fromHex, Kind, Label } from "@countersign/protocol";

interface Settings {
  readonly core: string;
  readonly tokenFile: string;
  readonly daemon: string;
  readonly user: string;
  readonly serverId: string;
  readonly coreKeys: readonly string[];
}
const settings = JSON.parse(readFileSync(process.env["COUNTERSIGN_CONFIG"] ?? "countersign.json", "utf8")) as Settings;
const core = openCore({ address: settings.core, token: readTokenFile(settings.tokenFile) });
const daemon = openDaemon(settings.daemon);
// From the set-up: what is being checked must not bring its own keys.
const pinned = { serverId: settings.serverId, publicKeys: settings.coreKeys.map(fromHex) };
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const payment = {
  userId: settings.user,
  kind: Kind.PAY,
  fields: [
    { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 4299n } } },
    { label: Label.TO, value: { type: "text", text: "Type Books Ltd" } },
    { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  ],
} as const;

try {
  for await (const event of confirm(payment, { core, daemon, pinned, signal: stop.signal })) {
    if (event.type === "created") console.log("created", event.transactionId, event.tag);
    if (event.type === "key") console.log("the key waits:", event.step);
    if (event.type === "state") console.log(event.state);
    if (event.type !== "outcome") continue;
    const { outcome } = event;
    if (outcome.state === "EXECUTED") {
      const file = `receipt-${outcome.receipt.name}.json`;
      writeFileSync(file, outcome.receipt.json, { mode: 0o600 });
      console.log("receipt", file);
    } else {
      console.error("not carried out:", outcome.state);
      process.exitCode = 1;
    }
  }
} finally {
  core.close();
  daemon.close();
}
