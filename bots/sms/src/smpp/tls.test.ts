import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { join } from "node:path";
import { Secret, silentLog, systemTimer } from "@countersign/bot-kit";
import { tempFolder, testWith } from "@countersign/testing";
import { expect } from "@jest/globals";
import { existsSync } from "node:fs";
import { SmsChannel } from "../sms-channel.ts";
import { FakeSmsc, SAMPLE_NUMBER, shortOutgoing } from "../testing/index.ts";
import { SmppPlatform } from "./smpp-platform.ts";

// `localhost` may have two addresses, of which the server has one: that one has all the time it needs.
setDefaultAutoSelectFamilyAttemptTimeout(60_000);

const peerTest = testWith("openssl", existsSync("/usr/bin/openssl"));
const folder = tempFolder();

/** A certificate for this name, signed by itself. */
function certificate(name: string): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("/usr/bin/openssl", [...made, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

function channelTo(smsc: FakeSmsc, tls: { readonly ca?: string }): SmsChannel {
  const password = new Secret("SMPP password", smsc.account.password);
  const account = { host: "localhost", port: smsc.port, tls, systemId: smsc.account.systemId, password };
  const platform = new SmppPlatform({ account, sender: undefined, timer: systemTimer, log: silentLog });
  return new SmsChannel({ platform, timer: systemTimer, log: silentLog });
}

peerTest("over TLS, under an authority that the operator names", async () => {
  const tls = certificate("localhost");
  const smsc = await FakeSmsc.start({ tls });
  const channel = channelTo(smsc, { ca: tls.cert });
  expect(typeof (await channel.deliver(shortOutgoing(), AbortSignal.timeout(60_000)))).toBe("string");
  expect(smsc.phones.at(SAMPLE_NUMBER).messages).toHaveLength(1);
  await channel.close();
  await smsc.stop();
});

peerTest("a certificate of another authority or another name: nothing is said, not even the password", async () => {
  const [own, other] = [certificate("localhost"), certificate("other.example")];
  for (const [tls, ca] of [
    [own, other.cert],
    [other, other.cert],
    [own, undefined],
  ] as const) {
    const smsc = await FakeSmsc.start({ tls });
    const channel = channelTo(smsc, ca === undefined ? {} : { ca });
    const refused = channel.deliver(shortOutgoing(), AbortSignal.timeout(60_000));
    await expect(refused).rejects.toMatchObject({ fate: "not-sent", detail: "connect" });
    expect(smsc.binds).toBe(0);
    await channel.close();
    await smsc.stop();
  }
});
