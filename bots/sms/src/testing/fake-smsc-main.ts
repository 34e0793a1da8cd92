import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { FakeSmsc } from "./fake-smsc.ts";
import { servePhones } from "./phone-rest.ts";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:0" },
    "phone-listen": { type: "string", default: "127.0.0.1:0" },
    "system-id": { type: "string" },
    "smpp-password-file": { type: "string" },
    reports: { type: "boolean", default: true },
  },
  strict: true,
});

function portOf(flag: string, address: string): number {
  const match = /^127\.0\.0\.1:(\d{1,5})$/.exec(address);
  if (match === null) throw new Error(`--${flag} ${address}: a fake listens on 127.0.0.1 alone, such as 127.0.0.1:0`);
  return Number(match[1]);
}

const passwordFile = values["smpp-password-file"];
const smsc = await FakeSmsc.start({
  port: portOf("listen", values.listen),
  ...(values["system-id"] === undefined ? {} : { systemId: values["system-id"] }),
  ...(passwordFile === undefined ? {} : { password: readFileSync(passwordFile, "utf8").trim() }),
});
smsc.manners.reports = values.reports;
const phones = servePhones(smsc).listen(portOf("phone-listen", values["phone-listen"]), "127.0.0.1");
await once(phones, "listening");
const origin = `http://127.0.0.1:${(phones.address() as AddressInfo).port}`;
const { systemId, password } = smsc.account;
const ready = {
  ready: true,
  smpp: `127.0.0.1:${smsc.port}`,
  systemId,
  password,
  origin,
  phone: `${origin}/phone/<number>`,
};
// Before the line by which it is known to run: whoever reads it may end it at once.
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => {
    phones.close();
    phones.closeAllConnections();
    void smsc.stop().then(() => process.exit(0));
  });
process.stdout.write(`${JSON.stringify(ready)}\n`);
