/** Fluent patterns of the administrators' bot. Names, ids and times enter as placeables. */
export const en = {
  "preview-answer": "Answer to your command",
  "preview-alert": "Something happened that you should look at",
  fact: "{ $label }: { $value }",
  more: "and { $count } more",
  "more-unknown": "There are more than I looked through: see the console.",
  example: "Example: { $example }",

  "status-core": "The core answers.",
  "status-bots": "Bots attached: { $attached } of { $count }",
  "status-open":
    "{ $count ->\n    [one] { $count } transaction is open.\n   *[other] { $count } transactions are open.\n}",
  "status-listening": "I have been listening to the audit since { $time }.",
  "status-deaf": "⚠ I do not hear the audit: no alert comes before I do. I keep trying.",
  "status-altered": "⚠ The audit was altered: stop and look, with the offline verifier.",
  "status-waiting": "{ $count ->\n    [one] { $count } alert waits.\n   *[other] { $count } alerts wait.\n}",

  "channels-none": "There is no bot.",
  attached: "attached",
  away: "NOT attached",
  paused: "paused",
  disabled: "disabled",
  waiting: "{ $count } waiting",

  "pending-none": "Nothing is open.",
  pending: "Open now:",

  "tx-none": "No transaction is { $wanted } in what I may see.",
  "tx-several": "Several are { $wanted }:",
  "tx-tenant": "Tenant",
  "tx-user": "User",
  "tx-kind": "Kind",
  "tx-created": "Created",
  "tx-reason": "Reason",
  "tx-delivery": "Message",
  "tx-tampered": "⚠ The key signed other content than the core holds. The user's PC may be unsafe.",

  "freeze-ok": "{ $user } of { $tenant } is frozen and can confirm nothing.",
  "freeze-end": "Only a key of the user's own ends that. A thaw is begun in the console or with the CLI.",
  "freeze-state": "{ $user } of { $tenant } can confirm nothing: { $state }",
  "freeze-several": "Nothing was done: more than one user is called { $user }. Name one of these:",
  "freeze-none": "Nothing was done: I know no user called { $user }.",
  "freeze-near": "These begin so:",

  "pause-ok": "{ $bot } of { $tenant } is paused: it is handed no code. Vetoes still come through.",
  "pause-end": "Codes go to the users' next channels. Resume it in the console or with the CLI; your key signs that.",
  "pause-already": "{ $bot } of { $tenant } was paused already.",
  "pause-several": "Nothing was done: more than one bot fits { $bot }. Name one of these:",
  "pause-none": "Nothing was done: no bot fits { $bot }.",
  "pause-these": "There are these:",
  "tenant-none": "Nothing was done: I may see no tenant called { $tenant }.",

  "audit-kept": "Entries of the audit that I remember: { $count }. None of them was told otherwise since.",
  "audit-acts": "What administrators did lately:",
  "audit-none": "I have heard of nothing that administrators did.",

  "whoami-you": "You are { $name }: { $id }",
  "whoami-me": "I act as { $admin }: { $role }",
  "whoami-audit": "What I stop for you stands in the audit with both names.",
  "whoami-all": "I see every tenant.",
  "whoami-one": "I see one tenant: { $tenant }",

  help: "I tell you what happens, and I can stop it. I can approve and undo nothing: that takes your key.",
  "help-status": "how things stand",
  "help-channels": "the bots, and whether they are there",
  "help-pending": "what is open",
  "help-tx": "transactions by their two words or their id",
  "help-freeze": "stop a user at once",
  "help-pause": "stop a bot at once",
  "help-audit": "what administrators did",
  "help-whoami": "who you are to me",
  "help-help": "this list",

  "mistake-takes-nothing": "Not done: nothing may stand behind { $command }.",
  "mistake-needs-tx": "Which one? Its two words, or its id of hexadecimal digits.",
  "mistake-bad-tx": "That is neither two words nor an id of hexadecimal digits.",
  "mistake-needs-user": "Nothing was done: whom? By the name that the relying party has for the user.",
  "mistake-bad-user": "Nothing was done: no user can be called so. Letters, digits and . _ @ + - are allowed.",
  "mistake-needs-bot": "Nothing was done: which bot? Its name, its platform or its id.",
  "mistake-bad-bot": "Nothing was done: no bot can be called so. Letters, digits and - are allowed.",

  loosens:
    "Not done, and never from a chat: that loosens something. Use the console or the CLI; it is done when your key has signed it.",
  unknown: "I did not understand that. /help says what I can do.",
  forwarded: "That was forwarded to me. I act only on what you write yourself.",
  stale: "Not done: you wrote that { $time }, and I read it only now. If you still want it, send it again:",
  refused: "The core refused: { $reason }",
  "core-silent": "The core does not answer. Nothing can be told now.",
  "stop-unknown": "The core did not answer: nobody knows whether it was done. Send it again; twice does no harm.",
  failed: "That did not work. It is a fault of mine; the log of the bot says more.",

  "alert-tampered":
    "{ $count ->\n    [one] ⚠ TAMPERED: a key signed other content than the core holds.\n   *[other] ⚠ TAMPERED, { $count } times: keys signed other content than the core holds.\n}",
  "alert-locked": "⚠ { $count } transactions were locked by wrong codes.",
  "alert-undeliverable": "⚠ { $count } transactions could not be delivered: no code reached a phone.",
  "alert-dead-letters": "⚠ { $count } messages to users were given up.",
  "alert-veto-alarm": "⚠ A bot vetoes more than is normal. Its token may be stolen.",
  "alert-acts":
    "{ $count ->\n    [one] An administrator did something:\n   *[other] Administrators did { $count } things. The last:\n}",
  "alert-integrity": "⚠ The audit or the store cannot be trusted: something in it was altered. Stop and look.",
  "alert-tail-lost": "⚠ A failover lost the last entries of the audit.",
  "alert-channel-down":
    "{ $count ->\n    [one] ⚠ A bot is not attached for more than a minute.\n   *[other] ⚠ { $count } bots are not attached for more than a minute.\n}",
  "alert-channel-back": "{ $count ->\n    [one] ✔ A bot is back.\n   *[other] ✔ { $count } bots are back.\n}",
  "alert-core-away": "⚠ The core does not answer for more than a minute.",
  "alert-core-back": "✔ The core answers again.",
  "alert-twin":
    "⚠ Another process uses my token of the chat service. If it is not yours, the token is stolen: change it.",
  "alert-sealed": "A head of the audit. Keep it: it proves later what was there now.",
  "alert-newest": "The newest: { $about }",
  "alert-tenant": "Tenant: { $tenant }",
  "alert-between": "Between { $from } and { $until }",
  "alert-look": "Look at it: { $command }",
  "alert-again": "This may be told a second time: the first try got no answer.",
} as const;

/** Name of a pattern. */
export type TextId = keyof typeof en;

/** One language: every pattern, or it does not compile. */
export type Wording = Readonly<Record<TextId, string>>;
