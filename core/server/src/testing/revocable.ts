// For tests and benchmarks: what opens streams and calls, and how it is taken away.
import { newTestKey } from "./core-world.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ADMINISTRATION } from "../store/entity.ts";
import { drawId } from "../store/store-fixture.ts";
import type { Store } from "../store/store.ts";
import { createTransaction } from "../transaction/create.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { call } from "./call.ts";
import type { OneCore, SeveralCores, Streaming } from "./several-cores.ts";

/** Something that opens streams and calls, and how it is taken away. */
export interface Taken {
  /** At this core: the stream is open when this resolves. */
  open(core: OneCore): Promise<Streaming>;
  /** A unary call by the same token; undefined: there is none for it. */
  call?(core: OneCore): Promise<unknown>;
  revoke(at: OneCore): Promise<unknown>;
}

export const HOLDERS: Readonly<Record<string, (cores: SeveralCores) => Promise<Taken>>> = {
  "token of an app": (cores) => app(cores, "token"),
  "app, disabled": (cores) => app(cores, "whole"),
  "token of a bot": (cores) => bot(cores, "token"),
  "bot, disabled": (cores) => bot(cores, "whole"),
  "token of an administrator": (cores) => admin(cores, "token"),
  "administrator, disabled": (cores) => admin(cores, "whole"),
  "session of an administrator who is frozen": session,
};

async function app(cores: SeveralCores, what: "token" | "whole"): Promise<Taken> {
  const { world } = cores.admins;
  const { tenantId } = world;
  const { token, appId } = await world.addApp(tenantId, "submit");
  const { txId: transactionId } = await world.pending();
  const { token: anna } = cores.anna;
  const holder = { $case: "appId", value: appId } as const;
  return {
    open: (core) => cores.watch(core, token, transactionId),
    call: (core) => call(core.transactions, "get", { transactionId }, token),
    revoke: ({ admin: client }) =>
      what === "whole"
        ? call(client, "disableApp", { tenantId, appId }, anna)
        : call(client, "revokeToken", { tenantId, holder, tokenSha256: "" }, anna),
  };
}

async function bot(cores: SeveralCores, what: "token" | "whole"): Promise<Taken> {
  const { tenantId } = cores.admins.world;
  const { token, botId } = await cores.addBot();
  const { token: anna } = cores.anna;
  const holder = { $case: "botId", value: botId } as const;
  return {
    open: (core) => cores.attach(core, token),
    revoke: ({ admin: client }) =>
      what === "whole"
        ? call(client, "disableBot", { tenantId, botId }, anna)
        : call(client, "revokeToken", { tenantId, holder, tokenSha256: "" }, anna),
  };
}

async function admin(cores: SeveralCores, what: "token" | "whole"): Promise<Taken> {
  const { token, adminId } = await cores.admins.addAdmin("carl", "auditor");
  const { token: anna } = cores.anna;
  const holder = { $case: "adminId", value: adminId } as const;
  return {
    open: (core) => cores.tail(core, token),
    call: (core) => cores.whoAmI(core, token),
    revoke: ({ admin: client }) =>
      what === "whole"
        ? call(client, "disableAdmin", { adminId }, anna)
        : call(client, "revokeToken", { tenantId: "", holder, tokenSha256: "" }, anna),
  };
}

async function session(cores: SeveralCores): Promise<Taken> {
  const { admins, anna } = cores;
  const carl = await admins.addAdmin("carl", "auditor");
  const token = await admins.addSession(carl);
  const name = { tenantId: ADMINISTRATION, userId: carl.adminId };
  return {
    open: (core) => cores.tail(core, token),
    call: (core) => cores.whoAmI(core, token),
    revoke: ({ admin: client }) => call(client, "freezeUser", name, anna.token),
  };
}

/** Payments at every core, each made and confirmed by somebody else, until they are stopped; how many there were. */
export function paying({ cores, admins: { world } }: SeveralCores): { stop(): Promise<number> } {
  const over = new AbortController();
  let made = 0;
  const at = async ({ given }: OneCore): Promise<void> => {
    const key = newTestKey();
    const of = { tenantId: world.tenantId, userId: `payer-${key.keyId}` };
    await world.addUser(of, key, drawId());
    const created = await createTransaction(given, world.draft({ ...of, requestId: drawId() }));
    if (isRefusal(created)) throw new Error(created.message);
    const { transaction } = created;
    const signed = world.signed(transaction, {}, key);
    const verdict = await submitStatement(given, { txId: transaction.txId, tenantId: undefined, signed });
    if (isRefusal(verdict)) throw new Error(verdict.message);
    made += 1;
  };
  const work = cores.map(async (core) => {
    while (!over.signal.aborted) await at(core);
  });
  return {
    stop: async () => {
      over.abort();
      await Promise.all(work);
      return made;
    },
  };
}

/** No hint of another core reaches who uses it. */
export function deafened(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "subscribe") return () => () => undefined;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
