import type { AddToken } from "@countersign/proto/web/admin/v1/admin_service";
import type { TokenPrefix } from "./draw-token.ts";

/** Who holds tokens. */
export interface Holder {
  readonly kind: "app" | "bot" | "admin";
  readonly id: string;
  readonly name: string;
}

const PREFIX: Readonly<Record<Holder["kind"], TokenPrefix>> = { app: "cs_app_", bot: "cs_bot_", admin: "cs_admin_" };

export function prefixOf({ kind }: Holder): TokenPrefix {
  return PREFIX[kind];
}

/** As requests name him. */
export function holderField({ kind, id }: Holder): NonNullable<AddToken["holder"]> {
  switch (kind) {
    case "app":
      return { $case: "appId", value: id };
    case "bot":
      return { $case: "botId", value: id };
    case "admin":
      return { $case: "adminId", value: id };
  }
}
