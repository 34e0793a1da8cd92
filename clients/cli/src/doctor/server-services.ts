import { connect } from "node:net";
import { AdminServiceGetSummaryRequest } from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import { withAdmin } from "../admin/admin-connection.ts";
import type { CommandGiven } from "../session.ts";
import { bad, fine, type Finding } from "./finding.ts";

const PATIENCE_MS = 5_000;

/** What monitoring asks: `http://127.0.0.1:9464`. */
export async function readyFindings(address: string): Promise<Finding[]> {
  const url = URL.canParse("/readyz", address) ? new URL("/readyz", address) : undefined;
  if (url === undefined) return [bad(`--monitoring ${address}: is no address`, "give it as http://127.0.0.1:9464")];
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) return [fine(`the core says that it is ready (${url.href})`)];
    const why = (await answer.text()).trim().slice(0, 200);
    return [bad(`the core is not ready: ${why}`, "look into its log; what it cannot reach is named there")];
  } catch {
    return [
      bad(`${url.href} does not answer`, "start the core with --admin-listen, or name its address by --monitoring"),
    ];
  }
}

/** A port that has to be open, such as that of the pages. */
export async function portFindings(name: string, place: string, fix: string): Promise<Finding[]> {
  const [, host = "", port = ""] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(place) ?? [];
  if (host === "") return [bad(`--${name} ${place}: is no host:port`, "give it as 127.0.0.1:8700")];
  const open = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: PATIENCE_MS });
    const end = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
  return [open ? fine(`${name} ${place} is open`) : bad(`nobody listens at ${name} ${place}`, fix)];
}

/** What only an administrator's token tells: bots, and whether the core has read its audit chains to their ends. */
export async function adminFindings(given: CommandGiven): Promise<Finding[]> {
  if (given.settings.get("adminTokenFile") === undefined) {
    return [bad("bots and audit were not looked at", "give --admin-token FILE; the role AUDITOR is enough")];
  }
  return withAdmin(given, async ({ admin, core }) => {
    const request = AdminServiceGetSummaryRequest.create();
    const { bots, index, deadLetters } = await call(admin.getSummary.bind(admin), request, { ...core, patienceMs: 0 });
    const { attached = 0, total = 0, paused = 0 } = bots ?? {};
    const read = index === undefined ? "" : ` (${index.read} of ${index.of} chains)`;
    return [
      total > 0 && attached === total
        ? fine(`bots: all ${total} attached`)
        : bad(
            `bots: ${attached} of ${total} attached`,
            "start those that are missing; countersign admin bot list names them",
          ),
      ...(paused > 0 ? [bad(`bots: ${paused} paused`, "countersign admin bot resume")] : []),
      ...(deadLetters > 0n
        ? [bad(`${deadLetters} messages got nowhere`, "countersign admin delivery list --state failed")]
        : []),
      index === undefined || index.read >= index.of
        ? fine(`audit: every chain is read to its end${read}`)
        : bad(`audit: the core is still reading its chains${read}`, "wait; a chain that does not hold is in its log"),
    ];
  });
}
