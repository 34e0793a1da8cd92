// What happened, for people who look for it. docs/protocol/audit.md
import {
  AuditServiceService,
  type AuditServiceExportRequest,
  type AuditServiceListHeadsRequest,
  type AuditServiceListRequest,
  type AuditServiceServer,
  type AuditServiceTailRequest,
} from "@countersign/proto/node/admin/v1/audit_service";
import type { CoreGiven } from "../given.ts";
import type { Tenant } from "../identity/tenant.ts";
import { adminOf, anyAdmin, serverStream, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { exportAudit } from "./audit-export.ts";
import { listAuditHeads } from "./audit-heads.ts";
import { listAudit } from "./list-audit.ts";
import { tailAudit } from "./tail-audit.ts";
import { tenantOf } from "./tenant-of.ts";

export function auditService(given: CoreGiven): Service {
  const implementation: AuditServiceServer = {
    list: unary(given, anyAdmin, async (request: AuditServiceListRequest, call) => {
      const tenant = await tenantIn(given, request, call);
      return isRefusal(tenant) ? tenant : listAudit(given, tenant?.tenantId, request);
    }),
    tail: serverStream(given, anyAdmin, async (request: AuditServiceTailRequest, call, send) => {
      const tenant = await tenantIn(given, request, call);
      const events = readEvents(request);
      if (isRefusal(tenant)) return tenant;
      if (isRefusal(events)) return events;
      const tailing = { tenant: tenant?.tenantId, events, cursor: request.cursor };
      return tailAudit(given, tailing, call.signal, send);
    }),
    listHeads: unary(given, anyAdmin, (request: AuditServiceListHeadsRequest) => listAuditHeads(given, request)),
    export: serverStream(given, anyAdmin, async (request: AuditServiceExportRequest, call, send) => {
      const tenant = await tenantIn(given, request, call);
      return isRefusal(tenant) ? tenant : exportAudit(given, tenant?.tenantId, request, call.signal, send);
    }),
  };
  return { definition: AuditServiceService, implementation };
}

/** undefined: who is of the whole installation reads everything, also what belongs to no tenant. */
async function tenantIn(
  given: CoreGiven,
  { tenantId }: { readonly tenantId: string },
  { caller }: Call,
): Promise<Tenant | undefined | Refusal> {
  const admin = adminOf(caller);
  return tenantId === "" && admin.tenantId === "" ? undefined : tenantOf(given, admin, tenantId);
}

const MOST_EVENTS = 32;

/** Those that are asked for, by one of the two fields. */
function readEvents({ event, events }: AuditServiceTailRequest): readonly string[] | Refusal {
  if (events.length === 0) return [event];
  if (event !== "") return badInput("events", "event and events: give one of the two");
  return events.length > MOST_EVENTS ? badInput("events", `at most ${MOST_EVENTS}`) : events;
}
