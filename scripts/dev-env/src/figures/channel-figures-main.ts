// npm run bench:channels -- [CHANNEL…] [--prompts N] [--json]: what a bot of each channel costs on this machine.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ChannelName } from "../chat/chat-service.ts";
import { channelFigures } from "./channel-figures.ts";

const ALL: readonly ChannelName[] = ["telegram", "matrix", "mail", "sms"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { prompts: { type: "string", default: "40" }, json: { type: "boolean", default: false } },
});
const channels = positionals.length === 0 ? ALL : ALL.filter((channel) => positionals.includes(channel));
const folder = mkdtempSync(join(tmpdir(), "countersign-figures-"));
try {
  for (const channel of channels) {
    mkdirSync(join(folder, channel));
    const figures = await channelFigures(channel, join(folder, channel), Number(values.prompts));
    const { sentP50, sentP95, residentMiB, readyAgainMs } = figures;
    process.stdout.write(
      values.json
        ? `${JSON.stringify(figures)}\n`
        : `${channel.padEnd(9)} sent p50 ${sentP50} ms, p95 ${sentP95} ms · resident ${residentMiB} MiB · ready again in ${readyAgainMs} ms\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
