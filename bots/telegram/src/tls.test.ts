import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server } from "node:https";
import { setDefaultAutoSelectFamilyAttemptTimeout, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Secret, silentLog, systemTimer } from "@countersign/bot-kit";
import { FakeCore, Phase, sampleDeliver, sampleOutgoing } from "@countersign/bot-kit/testing";
import { startChild, tempFolder, testWith } from "@countersign/testing";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

const CHAT = 4242;
const folder = tempFolder();
const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
const peerTest = testWith("openssl", existsSync("/usr/bin/openssl"));
// `localhost` may have two addresses, of which the server has one: that one has all the time it needs.
setDefaultAutoSelectFamilyAttemptTimeout(60_000);

let telegram: FakeBotApi;
let tls: Server;
let requests: number;
let origin: (host: string) => string;

function makeCertificate(): void {
  const named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"];
  const files = ["-keyout", keyFile, "-out", certificateFile];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("/usr/bin/openssl", ["req", "-x509", ...kind, ...named, ...files], { stdio: "ignore" });
}

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
  if (!existsSync(certificateFile)) makeCertificate();
  requests = 0;
  // TLS ends here; what comes goes on to the fake, below a prefix as a local Bot API server may have one.
  tls = createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, (asked, answer) => {
    requests += 1;
    const to = new URL(`.${(asked.url ?? "").replace(/^\/prefix/, "")}`, telegram.apiRoot);
    const onward = request(to, { method: "POST", headers: asked.headers }, (result) => {
      answer.writeHead(result.statusCode ?? 500, result.headers);
      result.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(tls, "listening");
  origin = (host) => `https://${host}:${(tls.address() as AddressInfo).port}/prefix`;
});

afterEach(async () => {
  tls.closeAllConnections();
  tls.close();
  await telegram.stop();
});

peerTest("over TLS with a certificate that the machine trusts, the process delivers and listens", async () => {
  const core = await FakeCore.start();
  const [coreFile, telegramFile] = [join(folder, "core"), join(folder, "telegram")];
  writeFileSync(coreFile, core.token, { mode: 0o600 });
  writeFileSync(telegramFile, FAKE_TOKEN, { mode: 0o600 });
  const bot = await startChild(
    "bots/telegram/src/main.ts",
    [
      ...["--core", core.address, "--plaintext", "--token-file", coreFile],
      ...["--telegram-token-file", telegramFile, "--api-root", origin("localhost")],
    ],
    { NODE_EXTRA_CA_CERTS: certificateFile },
  );
  const notice = sampleDeliver(Phase.NOTICE, { peerId: String(CHAT), notAfter: undefined });
  expect(await core.deliver(notice)).toHaveProperty("sent");
  telegram.api.say(CHAT, "/status");
  await core.until(() => core.events.length === 1);
  expect(await bot.stop()).toBe(0);
  core.stop();
});

peerTest("a certificate of nobody we know, or of another name: not sent, and no request", async () => {
  for (const host of ["localhost", "127.0.0.1"]) {
    const token = new Secret("telegram token", FAKE_TOKEN);
    const channel = new TelegramChannel({ token, apiRoot: origin(host), timer: systemTimer, log: silentLog });
    const delivering = channel.deliver(sampleOutgoing(Phase.NOTICE), AbortSignal.timeout(60_000));
    await expect(delivering).rejects.toMatchObject({ fate: "not-sent", detail: "connect" });
    await channel.close();
  }
  expect(requests).toBe(0);
});
