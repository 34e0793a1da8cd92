import { randomUUID } from "node:crypto";
import { AdminServiceInviteUserRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import { renderUnicodeCompact } from "uqr";
import { CliError } from "../cli-error.ts";
import { invitationLink } from "../enrolment-link.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { tenantId } from "./find.ts";
import { writeNewFile } from "./token-file.ts";
import type { TenantOption } from "./tree.ts";

export interface InviteOptions extends TenantOption {
  readonly fido?: boolean;
  readonly out?: string;
}

/** `countersign admin user invite USER`: the link is the result; who has it enrols a key, which then waits for a change. */
export async function inviteUser(on: AdminGiven, userId: string, options: InviteOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const { fido = false, out } = options;
  const named = { requestId: randomUUID(), tenantId: await tenantId(on, options.tenant), userId, fido };
  const request = AdminServiceInviteUserRequest.create(named);
  const { enrolment } = await call(on.admin.inviteUser.bind(on.admin), request, on.core);
  if (enrolment === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no invitation");
  const link = invitationLink(enrolment);
  const until = momentText(enrolment.expiresAt);
  if (out !== undefined) writeNewFile(out, `${link}\n`);
  terminal.record({ userId, expiresAt: until, ...(out === undefined ? { link } : { file: out }) });
  terminal.progress(`For ${userId} alone, once, until ${until}. He runs, with his key plugged in:`);
  terminal.progress("countersign key enrol --invitation FILE   (or - and the link on stdin)");
  if (terminal.io.stdout.isTTY === true && !terminal.style.plain && out === undefined) {
    for (const row of renderUnicodeCompact(link).split("\n")) terminal.progress(row);
  }
  terminal.result(out ?? link);
  terminal.progress(
    `Then its fingerprint, as he reads it to you from its display: countersign admin key confirm KEY --of ${userId} --fingerprint …`,
  );
  return ExitCode.DONE;
}
