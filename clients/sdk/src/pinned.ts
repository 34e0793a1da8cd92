/** The core installation as it was pinned at set-up. */
export interface Pinned {
  /** 32 lower-case hexadecimal digits. */
  readonly serverId: string;
  /** COSE_Key bytes of the core's receipt keys: the current one and, after a change of keys, older ones. */
  readonly publicKeys: readonly Uint8Array[];
}
