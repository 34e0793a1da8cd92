// Pure: how long a channel has before the next one is asked. docs/protocol/delivery.md section 5.
import type { UnixMs } from "../store/entity.ts";

/** Less is no chance for any provider, however little time is left. */
const LEAST_MS = 5_000;

/**
 * The moment from which the next channel is asked. The policy's time, but never more than this channel's even share of
 * what is left until `notAfter`: so that the channels behind it still fit. `behind`: how many of them were not asked yet.
 */
export function fallbackMoment(channelTimeoutMs: number, behind: number, notAfter: UnixMs, now: UnixMs): UnixMs {
  const share = Math.max(LEAST_MS, Math.floor((notAfter - now) / (behind + 1)));
  return Math.min(now + Math.min(channelTimeoutMs, share), notAfter);
}
