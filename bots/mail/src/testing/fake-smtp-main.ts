import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FakeSmtp } from "./fake-smtp.ts";
import { startPersonsSide } from "./persons-side.ts";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:0" },
    "http-listen": { type: "string", default: "127.0.0.1:0" },
    mailbox: { type: "string", multiple: true, default: [] },
    "tls-key": { type: "string" },
    "tls-cert": { type: "string" },
  },
  strict: true,
});

function portOf(flag: string, given: string): number {
  const match = /^127\.0\.0\.1:(\d{1,5})$/.exec(given);
  if (match === null) throw new Error(`--${flag} ${given}: a fake listens on 127.0.0.1 alone, such as 127.0.0.1:0`);
  return Number(match[1]);
}

const { "tls-key": key, "tls-cert": cert } = values;
const fake = await FakeSmtp.start({
  port: portOf("listen", values.listen),
  ...(key === undefined || cert === undefined
    ? {}
    : { tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } }),
});
for (const address of values.mailbox) fake.open(address);
const person = await startPersonsSide(fake, portOf("http-listen", values["http-listen"]));
const mailbox = `${person.origin}/mailbox/<address>`;
// Before the line by which it is known to run: whoever reads it may end it at once.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void Promise.all([fake.stop(), person.stop()]).then(() => process.exit(0)));
}
process.stdout.write(`${JSON.stringify({ ready: true, smtp: fake.address, origin: person.origin, mailbox })}\n`);
