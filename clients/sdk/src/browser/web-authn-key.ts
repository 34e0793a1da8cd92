import { assertedByKey } from "../asserted-by-key.ts";
import { KeyError, type KeyPlace } from "../key-place.ts";
import { assertFor, type AskedAssertion, type CredentialPlace } from "./webauthn.ts";

/** What a security key in the browser needs. */
export interface WebAuthnGiven {
  /** navigator.credentials. */
  readonly place: CredentialPlace;
  /**
   * Takes the code from the phone's message, digits alone. Undefined: the user gave none. The signal tells that it is wanted
   * no more. The page has to say that this PC sees the code.
   */
  readonly askCode: (signal: AbortSignal) => Promise<string | undefined>;
}

type SignRequest = Parameters<KeyPlace["sign"]>[0];

/**
 * The browser's own security keys and passkeys (mode C): they show nothing, and the code is typed in the page. The phone's
 * message is the user's only trusted view. Takes transactions that name FIDO2 keys of the page's relying party.
 */
export function webAuthnKey({ place, askCode }: WebAuthnGiven): KeyPlace {
  return {
    async *sign(request, signal = new AbortController().signal) {
      const asked = askedBy(request);
      if (asked.credentials.length === 0)
        throw new KeyError("NO_KEY", "none of the keys that may sign is a security key or passkey");
      yield "code";
      const code = await codeFrom(askCode, signal);
      yield "touch";
      yield assertedByKey(await assertFor(asked, code, { place, signal }));
    },
    verifyUser: () =>
      Promise.reject(
        new KeyError("KEY_REFUSED", "a browser takes PIN or finger with the signature alone", "UNSUPPORTED"),
      ),
    // It asks for its code itself.
    answer: () => Promise.resolve(false),
  };
}

async function codeFrom(askCode: WebAuthnGiven["askCode"], signal: AbortSignal): Promise<string> {
  for (;;) {
    const code = await askCode(signal);
    if (signal.aborted) throw new KeyError("KEY_LEFT", "the key is asked no more");
    if (code === undefined) throw new KeyError("KEY_REFUSED", "no code was given", "USER_DENIED");
    if (/^\d{6,10}$/.test(code)) return code;
  }
}

function askedBy(request: SignRequest): AskedAssertion {
  const { serverId = "", transactionId = "", rpId = "", expiresInS = 1 } = request;
  const { nonce = new Uint8Array(), content = new Uint8Array() } = request;
  const credentials = request.fidoCredentials ?? [];
  return { serverId, transactionId, nonce, content, rpId, credentials, timeoutMs: expiresInS * 1000 };
}
