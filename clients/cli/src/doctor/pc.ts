import type { LocalKey } from "@countersign/sdk";
import { bad, fine, type Finding } from "./finding.ts";
import { portFindings } from "./server-services.ts";

/** Where pages look for the daemon unless they are told another port. */
const USUAL_PAGES = "127.0.0.1:7411";
const START_FOR_PAGES = "start countersign-daemon with --web-port PORT --web-origin ORIGIN";

/** One key that is plugged in: what it is, and whether its PIN lets it be used. */
export function keyFindings(
  key: Pick<LocalKey, "serial" | "model" | "firmware" | "pinSet" | "pinRetries">,
): readonly Finding[] {
  const firmware = key.firmware === "" ? "firmware not told" : `firmware ${key.firmware}`;
  const what = `key ${key.serial} (${key.model}, ${firmware})`;
  if (!key.pinSet) return [bad(`${what} has no PIN`, "countersign key set-pin")];
  if (key.pinRetries === 0) return [bad(`${what}: its PIN is blocked`, "reset the key and enrol it again")];
  return [
    key.pinRetries < 3 ? bad(`${what}: ${key.pinRetries} PIN tries left`, "type the right PIN next time") : fine(what),
  ];
}

/** The port of the daemon for web pages. Only who named it needs it: most PCs confirm by the command alone. */
export async function pagesFindings(place: string | undefined): Promise<Finding[]> {
  if (place !== undefined) return portFindings("pages", place, START_FOR_PAGES);
  const [finding] = await portFindings("pages", USUAL_PAGES, START_FOR_PAGES);
  if (finding?.good === true) return [finding];
  return [fine(`web pages find no daemon at ${USUAL_PAGES}; only if they are to: ${START_FOR_PAGES}`)];
}
