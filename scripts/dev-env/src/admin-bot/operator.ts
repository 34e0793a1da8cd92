import { AdminServiceService } from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceService } from "@countersign/proto/node/admin/v1/audit_service";
import { Client, credentials } from "@grpc/grpc-js";
import { bearer, stub, type Stub } from "../parts.ts";

/** Whoever holds the operator's token: the bot, or who stole it. */
export class Operator {
  readonly admin: Stub<typeof AdminServiceService>;
  readonly audit: Stub<typeof AuditServiceService>;
  readonly #client: Client;

  constructor(coreAddress: string, tokenFile: string) {
    this.#client = new Client(coreAddress, credentials.createInsecure());
    this.admin = stub(AdminServiceService, this.#client, bearer(tokenFile));
    this.audit = stub(AuditServiceService, this.#client, bearer(tokenFile));
  }

  close(): void {
    this.#client.close();
  }
}
