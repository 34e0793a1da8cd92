// For tests: the command with a fake core that has the administrators' services. Answers are set by the test; what is
// asked is kept.
import { once } from "node:events";
import { join } from "node:path";
import {
  status,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { AdminServiceService } from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceService } from "@countersign/proto/node/admin/v1/audit_service";
import { WebhookServiceService } from "@countersign/proto/node/admin/v1/webhook_service";
import { Kind, Label } from "@countersign/protocol";
import { fakeStatusError, type FakeError, type KeyAct } from "@countersign/sdk/testing";
import { CliWorld, type Ran } from "./cli.ts";

export const ADMIN_TOKEN: string = `cs_admin_${"A".repeat(43)}`;
export const INVITATION: string = `cs_invite_${"B".repeat(43)}`;

/** One call as it came: `AdminService/ListApps`. */
export interface Asked {
  readonly rpc: string;
  readonly request: Record<string, unknown>;
  readonly token: string;
}

type Answer = (request: Record<string, unknown>) => object;

export class AdminCli {
  readonly world: CliWorld;
  readonly asked: Asked[] = [];
  /** By RPC name; what has none is answered by an empty message. */
  readonly answers: Map<string, Answer> = new Map();
  /** Answers to give instead, once each, by RPC name. */
  readonly errors: Map<string, FakeError[]> = new Map();

  private constructor(world: CliWorld) {
    this.world = world;
  }

  static async open(acts: readonly KeyAct[] = []): Promise<AdminCli> {
    const world = await CliWorld.open(acts);
    const cli = new AdminCli(world);
    cli.#serve(AdminServiceService);
    cli.#serve(AuditServiceService);
    cli.#serve(WebhookServiceService);
    const adminTokenFile = world.write(join(world.folder, "admin.token"), `${ADMIN_TOKEN}\n`);
    const { tokenFile: _none, user: _nobody, ...settings } = world.settings();
    world.write(world.config, JSON.stringify({ ...settings, adminTokenFile }));
    return cli;
  }

  answer(rpc: string, answer: Answer | object): void {
    this.answers.set(rpc, typeof answer === "function" ? (answer as Answer) : () => answer);
  }

  /** BeginLogin answers a LOGIN that the fake core holds; its token is that of `world.core.only`. */
  answerLogin(): void {
    const lines = [
      { label: Label.TARGET, value: "Administrators' console" },
      { label: Label.DETAIL_1, value: "Session 1F2E-3D4C" },
    ];
    this.answer("BeginLogin", () => {
      const { transaction, token } = this.world.core.hold({ kind: Kind.LOGIN, lines, userId: "anna" });
      return { transaction, confirmationToken: token };
    });
  }

  /** `countersign admin …`. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.world.run("admin", ...args);
  }

  /** As run, on a terminal of this width. */
  onTerminal(columns: number, ...args: readonly string[]): Promise<Ran> {
    return this.world.runWith({ env: {}, tty: true, columns }, "--config", this.world.config, "admin", ...args);
  }

  /** Requests of one RPC, in order. */
  requests(rpc: string): Record<string, unknown>[] {
    return this.asked.filter((each) => each.rpc === rpc).map(({ request }) => request);
  }

  path(name: string): string {
    return join(this.world.folder, name);
  }

  close(): void {
    this.world.close();
  }

  #serve(definition: ServiceDefinition): void {
    const methods = Object.entries(definition).map(([key, method]) => {
      const rpc = method.path.split("/").at(-1) ?? key;
      const empty = (): object => method.responseDeserialize(Buffer.alloc(0)) as object;
      const answer = (call: { request: unknown; metadata: { get(name: string): unknown[] } }): object => {
        const request = call.request as Record<string, unknown>;
        const [header] = call.metadata.get("authorization");
        const token = typeof header === "string" ? header.replace("Bearer ", "") : "";
        this.asked.push({ rpc, request, token });
        const error = this.errors.get(rpc)?.shift();
        if (error !== undefined) throw fakeStatusError(error);
        return { ...empty(), ...this.answers.get(rpc)?.(request) };
      };
      return [key, method.responseStream ? streamed(answer) : unary(answer)] as const;
    });
    this.world.core.serve(definition, Object.fromEntries(methods));
  }
}

type AnyCall = ServerUnaryCall<unknown, unknown>;
type AnyStream = ServerWritableStream<unknown, unknown>;

function unary(answer: (call: AnyCall) => object): unknown {
  return (call: AnyCall, callback: sendUnaryData<unknown>): void => {
    try {
      callback(null, answer(call));
    } catch (error) {
      callback(error as never);
    }
  };
}

/** One message; then open until the client leaves, unless the answer has `ends` or `breaks`. */
function streamed(answer: (call: AnyStream) => object): unknown {
  return (call: AnyStream): void => {
    try {
      const { ends, breaks, ...message } = answer(call) as { ends?: boolean; breaks?: boolean };
      call.write(message);
      if (breaks === true) call.emit("error", fakeStatusError({ code: status.UNAVAILABLE }));
      else if (ends === true) call.end();
      else void once(call, "cancelled");
    } catch (error) {
      call.emit("error", error);
    }
  };
}
