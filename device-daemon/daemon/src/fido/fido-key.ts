import type { Watch } from "../hid/hid-channel.ts";
import type { FidoPort } from "../key/fido-port.ts";
import type { Prompt } from "../prompt/prompt.ts";

/** A credential to be made. */
export interface FidoMake {
  readonly rpId: string;
  /** Shown by keys that have a place for it. */
  readonly rpName: string;
  /** 1 to 64 bytes. */
  readonly userHandle: Uint8Array;
  readonly userName: string;
  /** 32 bytes. */
  readonly clientDataHash: Uint8Array;
  /** Credentials that must not be on the key yet. */
  readonly exclude: readonly Uint8Array[];
  /** For the prompt: what the PIN is asked for, one line each. */
  readonly about: readonly string[];
}

/** A credential that was made. */
export interface FidoMade {
  /** 1 to 1023 bytes. */
  readonly credentialId: Uint8Array;
  /** CBOR: format, authenticator data, attestation statement. */
  readonly attestationObject: Uint8Array;
  readonly transports: readonly string[];
}

/** A signature that is wanted. */
export interface FidoAssert {
  readonly rpId: string;
  /** 32 bytes. */
  readonly clientDataHash: Uint8Array;
  /** The credentials that may sign. */
  readonly allow: readonly Uint8Array[];
  /** For the prompt: what the PIN is asked for, one line each. */
  readonly about: readonly string[];
}

/** A signature, with the user verified. */
export interface FidoAsserted {
  /** One of those asked. */
  readonly credentialId: Uint8Array;
  readonly authenticatorData: Uint8Array;
  /** DER, over authenticatorData and clientDataHash. */
  readonly signature: Uint8Array;
}

/**
 * A FIDO2 key that is plugged in: CTAP2. One request at a time: callers queue. Everything rejects with FidoRefusal (the
 * key or the person at the prompt said no; nothing was signed), LinkError, PromptError or the signal's reason.
 */
export interface FidoKey extends FidoPort {
  /** Aborted with LinkError "left" once it is unplugged. */
  readonly left: AbortSignal;
  /** Makes a credential with the user verified by PIN or finger. */
  makeCredential(request: FidoMake, prompt: Prompt, watch: Watch): Promise<FidoMade>;
  /** Signs with the user verified by PIN or finger. Not repeated after a LinkError. */
  getAssertion(request: FidoAssert, prompt: Prompt, watch: Watch): Promise<FidoAsserted>;
  /** The first PIN, or a new one after the old, asked by the daemon's prompt. */
  setPin(prompt: Prompt, watch: Watch): Promise<void>;
  /** Resolves when it was touched. */
  select(watch: Watch): Promise<void>;
  /** Wipes it: within 10 s after plugging in, and touched. */
  reset(watch: Watch): Promise<void>;
}
