import type { Command } from "commander";
import type { AddToken } from "@countersign/proto/node/admin/v1/admin_service";
import type { AdminGiven } from "./admin-connection.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { tenantId } from "./find.ts";
import { spanArgument } from "./moment-argument.ts";
import { drawToken, type TokenPrefix } from "./token-file.ts";
import { changing, drawing, ofTenant, type TenantOption, type Tree } from "./tree.ts";

/** Whose token is rotated. */
interface Holder {
  readonly noun: "app" | "bot" | "admin";
  readonly prefix: TokenPrefix;
  readonly holder: (on: AdminGiven, tenant: string, wanted: string) => Promise<NonNullable<AddToken["holder"]>>;
}

interface RotateOptions extends ChangeOptions, TenantOption {
  readonly tokenOut: string;
  readonly overlap?: string;
}

/** `… rotate NAME --token-out FILE [--overlap 24h]`: a further token; with an overlap the others end so long after it. */
export function addRotation(parent: Command, { run }: Tree, { noun, prefix, holder }: Holder): void {
  const command = parent.command(`rotate <${noun}>`).description("a new token; a change");
  drawing(changing(noun === "admin" ? command : ofTenant(command)), "the new token")
    .option("--overlap <span>", "the others end so long after the new one is issued, such as 24h; without it they stay")
    .action((wanted: string, options: RotateOptions) =>
      run(async (on) => {
        const overlap =
          options.overlap === undefined ? undefined : { seconds: spanArgument("--overlap", options.overlap), nanos: 0 };
        const tenant = await tenantId(on, options.tenant);
        const found = await holder(on, tenant, wanted);
        const token = drawToken(prefix, options.tokenOut);
        const value: AddToken = { holder: found, tokenSha256: token.sha256, overlap };
        return requestChange(on, { tenantId: tenant, what: { $case: "addToken", value } }, options, { token });
      }),
    );
}
