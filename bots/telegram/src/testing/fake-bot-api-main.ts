import { parseArgs } from "node:util";
import { readFileSync } from "node:fs";
import { FakeBotApi } from "./fake-bot-api.ts";

const { values } = parseArgs({
  options: { listen: { type: "string", default: "127.0.0.1:0" }, "telegram-token-file": { type: "string" } },
  strict: true,
});
const match = /^127\.0\.0\.1:(\d{1,5})$/.exec(values.listen);
if (match === null)
  throw new Error(`--listen ${values.listen}: a fake listens on 127.0.0.1 alone, such as 127.0.0.1:0`);
const tokenFile = values["telegram-token-file"];
const fake = await FakeBotApi.start({
  port: Number(match[1]),
  ...(tokenFile === undefined ? {} : { token: readFileSync(tokenFile, "utf8").trim() }),
});
const phone = `${fake.apiRoot}phone/<chatId>`;
// Before the line by which it is known to run: whoever reads it may end it at once.
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => void fake.stop().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ ready: true, apiRoot: fake.apiRoot, phone, token: fake.token })}\n`);
