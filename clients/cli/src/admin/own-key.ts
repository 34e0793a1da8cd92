import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import {
  AdminServiceBeginOwnEnrolmentRequest,
  AdminServiceConfirmOwnKeyRequest,
  AdminServiceWhoAmIRequest,
  type AdminServiceWhoAmIResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Key, KeyState } from "@countersign/proto/node/core/v1/key_service";
import { call, isFido } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { checkedServer, confirmFurther, enrolOn, finishEnrolment } from "../command/key-enrol.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { chooseKey, withDaemon } from "../session.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { keyId as findKey } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { tellDone } from "./tell-done.ts";
import type { Tree } from "./tree.ts";

export interface OwnKeyOptions {
  readonly key?: string;
  readonly fido?: boolean;
  readonly name?: string;
  readonly confirmWith?: string;
}

/** `countersign admin key own`, `… confirm-own`. */
export function addOwnKey(key: Command, { run }: Tree): void {
  key
    .command("own")
    .description("enrols a key of your own; a further one is confirmed on the one you have")
    .option("--key <serial>", "which key, when several are plugged in")
    .option("--fido", "a FIDO2 security key: weaker, it shows nothing")
    .option("--name <text>", "by which people will call it")
    .option("--confirm-with <serial>", "the old key that confirms a further one")
    .action((options: OwnKeyOptions) => run((on) => enrolOwnKey(on, options)));
  key
    .command("confirm-own <key>")
    .description("the first administrator's first key, once: by the fingerprint on its display")
    .requiredOption("--fingerprint <text>", "as the key's own display shows it")
    .action((wanted: string, options: { readonly fingerprint: string }) =>
      run((on) => confirmOwnKey(on, wanted, options.fingerprint)),
    );
}

/** Enrols it; the first administrator's first one is confirmed right away, by what he reads from its display. */
export async function enrolOwnKey(on: AdminGiven, options: OwnKeyOptions): Promise<ExitCode> {
  const { given } = on;
  const { terminal } = given;
  const { mayConfirmOwnKey } = await whoAmI(on);
  return withDaemon(given, async (daemon) => {
    const device = await chooseKey(daemon, options.key, options.fido === true ? isFido : undefined);
    const request = AdminServiceBeginOwnEnrolmentRequest.create({ requestId: randomUUID(), fido: isFido(device) });
    const { enrolment } = await call(on.admin.beginOwnEnrolment.bind(on.admin), request, on.core);
    if (enrolment === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no enrolment");
    terminal.progress("Your key shows a fingerprint of 16 digits and letters. Write it down before you press on.");
    const made = await enrolOn(daemon, device, checkedServer(enrolment, given), {}, given);
    const done = await finishEnrolment({ core: on.core, token: undefined }, enrolment, made, options.name ?? "");
    terminal.endStatus();
    if (done.key === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no key");
    if (done.key.state !== KeyState.PROVISIONAL || done.transaction !== undefined) {
      terminal.record(messageJson(Key, done.key));
      terminal.progress(printable(`${terminal.sign("done")} key ${done.key.keyId} enrolled`));
      return confirmFurther(done, { core: on.core, daemon }, options, given);
    }
    return mayConfirmOwnKey ? confirmNow(on, done.key) : waitsForOther(on, done.key);
  });
}

/** What he types comes from the key's display: this PC could show anything. */
async function confirmNow(on: AdminGiven, key: Key): Promise<ExitCode> {
  const { terminal } = on.given;
  const typed = await terminal.io.readLine?.("Fingerprint, as your KEY's display showed it");
  if (typed === undefined || typed.trim() === "") {
    terminal.record({ ...messageJson(Key, key), final: true, exit: ExitCode.NOT_CONFIRMED });
    terminal.result(
      `  ${terminal.sign("warning")} key ${key.keyId} is enrolled, and signs nothing before it is confirmed:`,
    );
    terminal.result(`  countersign admin key confirm-own ${key.keyId} --fingerprint …`);
    return ExitCode.NOT_CONFIRMED;
  }
  return confirmOwnKey(on, key.keyId, typed.trim());
}

function waitsForOther({ given: { terminal } }: AdminGiven, key: Key): ExitCode {
  terminal.record({ ...messageJson(Key, key), final: true, exit: ExitCode.DONE });
  terminal.result(
    `  ${terminal.sign("done")} key ${key.keyId} is enrolled, and signs nothing before another administrator`,
  );
  terminal.result("  confirms it. Read him its fingerprint from its display; he runs:");
  terminal.result(
    printable(
      `  countersign admin key confirm ${key.keyId} --of ${key.userId} --tenant administration --fingerprint …`,
    ),
  );
  return ExitCode.DONE;
}

async function confirmOwnKey(on: AdminGiven, wanted: string, text: string): Promise<ExitCode> {
  const fingerprint = text.replaceAll(/[\s-]/g, "").toLowerCase();
  const { admin, administrationTenantId } = await whoAmI(on);
  const of = { tenantId: administrationTenantId, userId: admin?.adminId };
  const request = AdminServiceConfirmOwnKeyRequest.create({ keyId: await findKey(on, of, wanted), fingerprint });
  const { key } = await call(on.admin.confirmOwnKey.bind(on.admin), request, on.core);
  return tellDone(on, Key, key, ({ keyId }) => `key ${keyId} is yours from now on`);
}

export function whoAmI(on: AdminGiven): Promise<AdminServiceWhoAmIResponse> {
  return call(on.admin.whoAmI.bind(on.admin), AdminServiceWhoAmIRequest.create(), on.core);
}
