import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOnce } from "@countersign/testing/child";
import {
  AdminServiceExplainDeliveryRequest,
  AdminServiceListBotsRequest,
  AdminServiceService,
  DeliveryReason,
  type DeliveryFinding,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ChannelName } from "../chat/chat-service.ts";
import type { Installation } from "../installation.ts";
import { stub, type Stub } from "../parts.ts";

/** Longest wait for a finding. A test that needs it has failed. */
const PATIENCE_MS = 240_000;

/** A reason as the command tells it. */
export interface Told {
  readonly reason: keyof typeof DeliveryReason;
  readonly detail: string;
  readonly text: string;
  readonly advice: string;
}

interface OfChannel {
  readonly platform: string;
  readonly finding: Told;
}

/** The answer of `countersign --json admin user why`. */
export interface Why {
  /** The short answer. */
  readonly finding: Told;
  readonly channels: readonly OfChannel[];
  readonly transactions: readonly { readonly finding: Told; readonly channels: readonly OfChannel[] }[];
}

/** The first administrator, who has no key yet: he may look and stop. */
export class Watcher {
  readonly admin: Stub<typeof AdminServiceService>;
  readonly #client: Client;
  readonly #config: string;

  private constructor(client: Client, admin: Stub<typeof AdminServiceService>, config: string) {
    this.#client = client;
    this.admin = admin;
    this.#config = config;
  }

  /** By the one-time token in the installation's secrets. */
  static async claim({ folder, coreAddress }: Installation): Promise<Watcher> {
    const client = new Client(coreAddress, credentials.createInsecure());
    const invitation = readFileSync(join(folder, "secrets", "first-admin.token"), "utf8").trim();
    const token = `cs_admin_${randomBytes(32).toString("base64url")}`;
    const tokenSha256 = createHash("sha256").update(token).digest();
    await stub(AdminServiceService, client, bearing(invitation)).claim({ adminId: "watcher", tokenSha256 });
    const tokenFile = join(folder, "watcher.token");
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
    const config = join(folder, "watcher.json");
    writeFileSync(config, JSON.stringify({ core: coreAddress, adminTokenFile: tokenFile }), { mode: 0o600 });
    return new Watcher(client, stub(AdminServiceService, client, bearing(token)), config);
  }

  /** Runs the one command for this user until that is its short answer: in between a bot may be trying again. */
  async whyUntil(userId: string, reason: keyof typeof DeliveryReason, detail?: string): Promise<Why> {
    const command = ["--config", this.#config, "--json", "admin", "user", "why", userId];
    for (const end = performance.now() + PATIENCE_MS; ;) {
      const text = await runOnce("clients/cli/src/main.ts", command);
      const why = JSON.parse(text) as Why;
      if (why.finding.reason === reason && (detail ?? why.finding.detail) === why.finding.detail) return why;
      if (performance.now() > end) throw new Error(`${reason} ${detail ?? ""} was awaited, not ${text}`);
    }
  }

  /** What he is told of this transaction in the user's chat there. */
  async finding(transactionId: string, channel: ChannelName): Promise<DeliveryFinding | undefined> {
    const about = { $case: "transactionId", value: transactionId } as const;
    const answer = await this.admin.explainDelivery(AdminServiceExplainDeliveryRequest.create({ about }));
    return answer.transactions[0]?.channels.find(({ platform }) => platform === channel)?.finding;
  }

  async botId(channel: ChannelName): Promise<string> {
    const { bots } = await this.admin.listBots(AdminServiceListBotsRequest.create({ pageSize: 100 }));
    const found = bots.find(({ platform }) => platform === channel);
    if (found === undefined) throw new Error(`no bot of ${channel}`);
    return found.botId;
  }

  /**
   * Resolves with what was observed once that is the reason; throws with the last one after a while. `detail`: what has to be
   * observed with it, for a bot that tries again may observe something else of the same reason in between.
   */
  async told(
    transactionId: string,
    channel: ChannelName,
    reason: keyof typeof DeliveryReason,
    detail?: string,
  ): Promise<string> {
    const end = performance.now() + PATIENCE_MS;
    let last: DeliveryFinding | undefined;
    while (performance.now() < end) {
      last = await this.finding(transactionId, channel);
      if (last?.reason === DeliveryReason[reason] && (detail ?? last.detail) === last.detail) return last.detail;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const [name] = Object.entries(DeliveryReason).find(([, one]) => one === last?.reason) ?? ["nothing"];
    throw new Error(`${channel}: ${name} ${last?.detail ?? ""}, and ${reason} ${detail ?? ""} was awaited`);
  }

  close(): void {
    this.#client.close();
  }
}

function bearing(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}
