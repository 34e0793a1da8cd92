// Keepalive: status u8 (1 processing, 2 user needed) | what the key waits for u8      docs/protocol/hid.md section 3

/** First byte of a keepalive, as CTAPHID has it. */
export const KeepaliveStatus = { PROCESSING: 1, USER_NEEDED: 2 } as const;
export type KeepaliveStatus = (typeof KeepaliveStatus)[keyof typeof KeepaliveStatus];

/** Second byte of a keepalive, ours: feeds the steps of `DeviceService.Sign`. */
export const WaitsFor = { PAGING: 1, PIN: 2, CODE: 3, COMPUTING: 4, TOUCH: 5 } as const;
export type WaitsFor = (typeof WaitsFor)[keyof typeof WaitsFor];

const PLAIN = new Map<number, WaitsFor>([
  [KeepaliveStatus.PROCESSING, WaitsFor.COMPUTING],
  [KeepaliveStatus.USER_NEEDED, WaitsFor.TOUCH],
]);

/** The payload of a keepalive. */
export function encodeKeepalive(waitsFor: WaitsFor): Uint8Array {
  const status = waitsFor === WaitsFor.COMPUTING ? KeepaliveStatus.PROCESSING : KeepaliveStatus.USER_NEEDED;
  return Uint8Array.of(status, waitsFor);
}

/**
 * What the key waits for; undefined when it does not say, or says what this version does not know. A FIDO2 key has the one
 * byte of CTAPHID alone: it needs its user for a touch, and else computes.
 */
export function decodeKeepalive(payload: Uint8Array): WaitsFor | undefined {
  if (payload.length === 1) return PLAIN.get(payload[0] ?? 0);
  return Object.values(WaitsFor).find((value) => value === payload[1]);
}
