import { encodeKeepalive, HidCapability, HidCommand, KeepaliveStatus, WaitsFor } from "@countersign/key-protocol";

/** What one interface of the key speaks inside CTAPHID. */
export interface Dialect {
  /** The one command that carries requests. */
  readonly command: HidCommand;
  /** Fewest bytes of a request; fewer are an error of the link. */
  readonly shortest: number;
  /** Bits of HidCapability. */
  readonly capabilities: number;
  /** Payload of a keepalive. */
  keepalive(waitsFor: WaitsFor): Uint8Array;
}

/** Usage page 0xFF43: command 0x59; keepalives say what the key waits for. */
export const VENDOR_DIALECT: Dialect = {
  command: HidCommand.COUNTERSIGN,
  shortest: 0,
  capabilities: HidCapability.WINK | HidCapability.NO_MSG,
  keepalive: encodeKeepalive,
};

/** Usage page 0xF1D0: CTAP2; U2F's MSG is not spoken, and keepalives have the one byte that hosts of others expect. */
export const FIDO_DIALECT: Dialect = {
  command: HidCommand.CBOR,
  shortest: 1,
  capabilities: HidCapability.WINK | HidCapability.CBOR | HidCapability.NO_MSG,
  keepalive: (waitsFor) =>
    Uint8Array.of(waitsFor === WaitsFor.COMPUTING ? KeepaliveStatus.PROCESSING : KeepaliveStatus.USER_NEEDED),
};
