import type { Policy } from "./policy.ts";

/** What an administrator should know about a policy that is allowed and leaves much open; docs/protocol/policy.md section 1. */
export function adviceOn(policy: Policy): string[] {
  const { modes, modeCLimit, channels, highValue } = policy;
  const advice: string[] = [];
  if (modes.includes("C") && modeCLimit.length === 0) {
    advice.push(
      "modeCLimit is empty: for a key without display the chat is the only view, and a bot and a PC that work together could have any amount confirmed. Set a limit for each currency, or leave C out of modes.",
    );
  }
  const weak = channels.filter((channel) => channel === "mail" || channel === "sms");
  if (weak.length > 0 && highValue.length === 0) {
    advice.push(
      `highValue is empty: ${weak.join(" and ")} may carry the code for any amount. Set the amounts from which a channel of more assurance is needed.`,
    );
  }
  return modes.includes("C") ? [...advice, ...onFidoKeys(policy)] : advice;
}

/** Where they may sign at all: in mode C. */
function onFidoKeys({ webauthn, fidoModels = [], fidoRoots = [] }: Policy): string[] {
  const advice: string[] = [];
  if (fidoModels.length === 0) {
    advice.push(
      "fidoModels is empty: any FIDO2 key may enrol, attested or not, and one that is a program on a PC looks the same. Name the models to take, with fidoRoots that vouch for them (--fido-metadata).",
    );
  }
  if (fidoModels.length > 0 && fidoRoots.length === 0) {
    advice.push(
      "fidoRoots is empty: nobody vouches for fidoModels, so no FIDO2 key can enrol. Give who attests them, or --fido-metadata with a file that says so.",
    );
  }
  if (webauthn?.passkeys === "allowed") {
    advice.push(
      "webauthn.passkeys is allowed: a passkey may be copied to every device of its owner's account, so it proves the account and no device. Refuse passkeys, or keep modeCLimit low.",
    );
  }
  return advice;
}
