// One answer to "no code came": a reason from a closed list, what it means, what to do next. docs/how-to/when-no-code-comes.md
import { DeliveryFinding, DeliveryReason as ReasonMessage } from "@countersign/proto/node/admin/v1/admin_service";
import { troubleOf, type Observed, type Trouble } from "../delivery/observed.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import type { UnixMs } from "../store/entity.ts";

/** Names as in countersign.admin.v1.DeliveryReason. */
export type FindingReason = Exclude<keyof typeof ReasonMessage, "UNSPECIFIED" | "UNRECOGNIZED">;

/** Of a message; undefined: of a newer core. */
export function reasonNamed(value: number | undefined): string | undefined {
  return Object.entries(ReasonMessage).find(([, one]) => one === value)?.[0];
}

export interface Finding {
  readonly reason: FindingReason;
  readonly observed?: Observed | undefined;
  readonly since?: UnixMs | undefined;
  readonly until?: UnixMs | undefined;
  /** As the audit names him. */
  readonly by?: string | undefined;
  readonly ahead?: number | undefined;
  readonly providerId?: string | undefined;
}

const OF_TROUBLE: Readonly<Record<Trouble, FindingReason>> = {
  refused: "PROVIDER_REFUSED",
  unreachable: "PROVIDER_UNREACHABLE",
  "rate-limited": "RATE_LIMITED",
  late: "EXPIRED_BEFORE_SENT",
  "bot-not-ready": "BOT_NOT_READY",
  "does-not-fit": "DOES_NOT_FIT",
  "peer-gone": "PEER_GONE",
  identity: "IDENTITY_CHANGED",
};

/** A bot from before it says what it saw leaves the class of trouble open: the provider did not take the message. */
export function reasonOfTrouble(observed: Observed | undefined): FindingReason {
  return observed === undefined ? "PROVIDER_REFUSED" : OF_TROUBLE[troubleOf(observed)];
}

export function findingMessage(finding: Finding): DeliveryFinding {
  const { reason, observed = "", since, until, by = "", ahead = 0, providerId = "" } = finding;
  const { text, advice } = TOLD[reason];
  return DeliveryFinding.create({
    ...{ reason: ReasonMessage[reason], text, detail: observed, by, ahead, providerId },
    advice: ADVICE_ON[observed] ?? advice,
    ...(since === undefined ? {} : { since: timestampOf(since) }),
    ...(until === undefined ? {} : { until: timestampOf(until) }),
  });
}

/** Whether somebody has to do something about it, or wait. */
export function isTrouble({ reason }: Finding): boolean {
  return !FINE.includes(reason);
}
const FINE: readonly FindingReason[] = [
  ...(["SENT", "REACHED", "READY", "OTHER_CHANNEL", "SUPERSEDED", "CHANNEL_ON_HOLD", "AT_BOT"] as const),
];

/** Where what was observed says more than its class. */
const ADVICE_ON: Readonly<Record<string, string>> = {
  "http-401": "The provider does not know the bot's token. Put the right one into its token file and restart the bot.",
  "http-403": "The provider lets this bot not write there. Look into the bot's account at the provider.",
  "http-404": "The provider knows no such address. Look at the bot's API address and token.",
  "http-409": "Another program uses the same bot account. Stop it.",
  "smtp-530": "The mail server wants a login. Look at the bot's credentials.",
  "smtp-535": "The mail server refuses the bot's login. Put the right password into its file and restart the bot.",
  connect: "The bot cannot connect to its provider. Look at the network, the address and the certificate.",
  "no-report": "The bot said nothing for 30 s, or ended. Look at its process and its log.",
  "not-encrypted": "The bot shows codes in encrypted rooms alone. The user sets up encryption, or links another chat.",
};

interface Told {
  readonly text: string;
  readonly advice: string;
}

const TOLD: Readonly<Record<FindingReason, Told>> = {
  SENT: {
    text: "The provider took the message.",
    advice: "The user looks into this chat, also among muted, archived and spam. He may ask for a new code.",
  },
  REACHED: { text: "The provider says that the message is on the phone.", advice: "The user looks into this chat." },
  SENT_UNKNOWN: {
    text: "The message left, and no answer came: it may be on the phone.",
    advice: "The user looks into this chat. If nothing is there he asks for a new code.",
  },
  NOT_REACHED: {
    text: "The provider took the message, and said later that it never arrived.",
    advice: "The user looks at his number or mailbox, or links another channel.",
  },
  AT_BOT: { text: "The bot has the message and sends it now.", advice: "Ask again in half a minute." },
  WAITING: { text: "The message waits for its turn at the bot.", advice: "Ask again in a moment." },
  BOT_NOT_ATTACHED: {
    text: "No process of this bot is attached to the core.",
    advice: "Start the bot. What waits is sent as soon as it is back, while its time is not up.",
  },
  BOT_PAUSED: {
    text: "An administrator paused this bot: it is handed nothing.",
    advice: "Ask for the change resume_bot.",
  },
  BOT_DISABLED: { text: "An administrator disabled this bot.", advice: "Ask for the change enable_bot." },
  PROVIDER_REFUSED: {
    text: "The provider did not take the message.",
    advice: "Look at what was observed and at the bot's log. RequeueDelivery tries a message again that FAILED.",
  },
  PROVIDER_UNREACHABLE: {
    text: "The provider gave no answer, or a broken one.",
    advice: "Look at the provider's status page. The core tries again, and asks the next channel in its time.",
  },
  RATE_LIMITED: {
    text: "The provider wants fewer messages for a while.",
    advice: "Wait. If it stays so, ask the provider for a higher limit.",
  },
  BOT_NOT_READY: {
    text: "The bot could not send: it was starting, stopping, or not set up.",
    advice: "Look at the bot's log.",
  },
  PEER_GONE: {
    text: "The user blocked the bot or left the room, or the mailbox or number does not exist.",
    advice: "The user unblocks the bot and writes anything to it, or links another channel.",
  },
  IDENTITY_CHANGED: {
    text: "The chat has another cryptographic identity than the user's key signed for.",
    advice: "The user links this chat anew with his key, if the new identity is his.",
  },
  DOES_NOT_FIT: {
    text: "The message does not fit into this channel.",
    advice: "The user links a chat. The next transaction may fit again.",
  },
  CHANNEL_PAUSED_UNANSWERED: {
    text: "The channel is paused: nobody reacted to its last prompts.",
    advice: "The user writes any command to the bot, such as /status.",
  },
  CHANNEL_ON_HOLD: {
    text: "The channel is new, and carries no codes for high value yet.",
    advice: "Wait for its end, or use an older channel.",
  },
  NOT_ALLOWED_BY_POLICY: {
    text: "The policy does not let this platform carry codes.",
    advice: "The user links a channel that the policy names, or ask for the change set_policy.",
  },
  ASSURANCE_TOO_LOW: {
    text: "The policy, or the app, wants a channel that proves more about who reads it.",
    advice: "The user links a better one: telegram or matrix, for high assurance matrix with encryption set up.",
  },
  NOT_LINKED: {
    text: "This chat was not linked to the end.",
    advice: "The user links it anew and signs the LINK with his key.",
  },
  OTHER_CHANNEL: {
    text: "Another channel has the code, or comes first.",
    advice: "Look at the user's other channels.",
  },
  SUPERSEDED: {
    text: "A newer code or the outcome took its place.",
    advice: "The user reads the newest message.",
  },
  EXPIRED_BEFORE_SENT: {
    text: "Its time was up before it could be sent.",
    advice: "The user starts again. Look at how the bot stands now.",
  },
  TRANSACTION_ENDED: {
    text: "The transaction had ended before it could be sent.",
    advice: "Look at the transaction: it was refused or cancelled.",
  },
  USER_FROZEN: {
    text: "The user is frozen: nothing is created for him.",
    advice: "He thaws himself with his key; thaw_user asks him to. The audit of user: tells who froze him.",
  },
  USER_BLOCKED: {
    text: "The user typed too many wrong codes in a row.",
    advice: "He thaws himself with his key; thaw_user asks him to.",
  },
  USER_SUSPENDED: {
    text: "The user is suspended.",
    advice: "Ask for the change resume_user. The audit of user: tells who suspended him.",
  },
  NO_CHANNEL: { text: "The user has linked no channel.", advice: "He links one." },
  NO_KEY: {
    text: "The user has no active key, so that nothing can be created for him.",
    advice:
      "He enrols one, or it is confirmed by its fingerprint (confirm_key). Who lost it is recovered (recover_user).",
  },
  NO_TRANSACTION: {
    text: "The app created no transaction for this user within a day: there was nothing to send.",
    advice: "Look at the app: its log names the core's answer to Create.",
  },
  READY: { text: "Nothing is wrong with this channel.", advice: "" },
};
