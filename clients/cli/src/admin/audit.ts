import type { Command } from "commander";
import {
  AuditEvent,
  AuditServiceListRequest,
  AuditServiceTailRequest,
  type AuditServiceTailResponse,
} from "@countersign/proto/node/admin/v1/audit_service";
import { bearer, call, messages, resumedByCursor } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { messageJson } from "./message-json.ts";
import { momentArgument } from "./moment-argument.ts";
import { ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";
import { factsOf } from "./tx-show.ts";

interface AuditFilter extends ListOptions, TenantOption {
  readonly event?: string;
  readonly actor?: string;
  readonly subject?: string;
  readonly after?: string;
  readonly before?: string;
}

const COLUMNS: readonly Column<AuditEvent>[] = [
  { head: "At", of: ({ at }) => momentText(at) },
  { head: "Event", of: ({ event }) => event },
  { head: "By", of: ({ actor }) => actor },
  { head: "On", of: ({ subject }) => subject },
  { head: "Facts", of: ({ detailJson }) => factsOf(detailJson) },
  { head: "Place", of: ({ shard, seq, index }) => `${shard}/${seq}/${index}` },
];

const EVENT = "exactly this one, or all that begin so with a dot at the end, such as policy.";

/** `countersign admin audit list|tail`; its other commands stand beside them. */
export function addAudit(admin: Command, { run }: Tree): Command {
  const audit = admin.command("audit").description("what happened, and who did it");
  ofTenant(paged(audit.command("list")))
    .description("oldest first within a shard; of one user, transaction or administrator in order")
    .option("--event <name>", EVENT)
    .option("--actor <who>", "exactly this one, such as admin:anna")
    .option("--subject <what>", "exactly this one, such as user:erika")
    .option("--after <moment>", "only at this moment or later: 2026-11-30T14:00Z, or 24h for 24 hours ago")
    .option("--before <moment>", "only before this moment")
    .action((options: AuditFilter) => run((on) => listAudit(on, options)));
  ofTenant(audit.command("tail"))
    .description("as it happens, from now or from a cursor; Ctrl-C ends it")
    .option("--event <name>", EVENT)
    .option("--cursor <cursor>", "goes on behind this one, which --json tells; what happened about then comes again")
    .action((options: TailOptions) => run((on) => tailAudit(on, options)));
  return audit;
}

async function listAudit(on: AdminGiven, options: AuditFilter): Promise<ExitCode> {
  const { event = "", actor = "", subject = "" } = options;
  const filter = {
    ...{ tenantId: await tenantId(on, options.tenant), event, actor, subject },
    after: momentArgument("--after", options.after),
    before: momentArgument("--before", options.before),
  };
  return tellList(on, options, {
    ask: async (page) => {
      const request = AuditServiceListRequest.create({ ...filter, ...page });
      const { events, nextPageToken } = await call(on.audit.list.bind(on.audit), request, on.core);
      return { items: events, nextPageToken };
    },
    columns: COLUMNS,
    type: AuditEvent,
  });
}

interface TailOptions extends TenantOption {
  readonly event?: string;
  readonly cursor?: string;
}

/** Resumed behind its cursor over broken connections; what comes twice by that is told once. */
async function tailAudit(on: AdminGiven, options: TailOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const tenant = await tenantId(on, options.tenant);
  const stop = new AbortController();
  const release = terminal.io.onInterrupt(() => stop.abort());
  const told = new ToldEvents();
  const open = (cursor: string): AsyncIterable<AuditServiceTailResponse> => {
    const from = cursor === "" ? (options.cursor ?? "") : cursor;
    const request = AuditServiceTailRequest.create({ tenantId: tenant, event: options.event ?? "", cursor: from });
    return messages(on.audit.tail(request, bearer(on.core.token)), stop.signal);
  };
  try {
    for await (const { events, cursor } of resumedByCursor(open, stop.signal)) {
      if (events.length === 0) terminal.record({ cursor });
      for (const event of events) if (told.isNew(event)) tellEvent(on, event, cursor);
    }
  } finally {
    release();
  }
  return ExitCode.DONE; // only the watching was ended
}

function tellEvent({ given: { terminal } }: AdminGiven, event: AuditEvent, cursor: string): void {
  terminal.record({ ...messageJson(AuditEvent, event), cursor });
  const { at, actor, subject, detailJson } = event;
  terminal.result(
    printable(`${momentText(at)}  ${event.event}  ${subject}  by ${actor}  ${factsOf(detailJson)}`.trimEnd()),
  );
}

/** Of each shard the place up to which it was told: events come in order within one. */
class ToldEvents {
  readonly #last = new Map<number, readonly [seq: bigint, index: number]>();

  isNew({ shard, seq, index }: AuditEvent): boolean {
    const [lastSeq, lastIndex] = this.#last.get(shard) ?? [-1n, -1];
    if (seq < lastSeq || (seq === lastSeq && index <= lastIndex)) return false;
    this.#last.set(shard, [seq, index]);
    return true;
  }
}
