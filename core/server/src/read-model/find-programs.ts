// Ids of apps and bots of a tenant.
import type { HexId } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";

export function findPrograms(
  { db, writer }: Pick<OpenFile, "db" | "writer">,
  type: "app" | "bot",
  tenantId: HexId,
): readonly HexId[] {
  const tenant = writer.words.find(tenantId);
  if (tenant === undefined) return [];
  const rows = db.prepare("SELECT id FROM program WHERE tenant = ? AND type = ?").all(tenant, type);
  return rows.map((row) => String(row["id"]));
}
