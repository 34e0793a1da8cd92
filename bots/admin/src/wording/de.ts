import type { Wording } from "./en.ts";

export const de: Wording = {
  "preview-answer": "Antwort auf Ihren Befehl",
  "preview-alert": "Es ist etwas geschehen, das Sie ansehen sollten",
  fact: "{ $label }: { $value }",
  more: "und { $count } weitere",
  "more-unknown": "Es gibt mehr, als ich durchgesehen habe: siehe Konsole.",
  example: "Beispiel: { $example }",

  "status-core": "Der Kern antwortet.",
  "status-bots": "Verbundene Bots: { $attached } von { $count }",
  "status-open": "{ $count ->\n    [one] { $count } Vorgang ist offen.\n   *[other] { $count } Vorgänge sind offen.\n}",
  "status-listening": "Ich höre das Protokoll mit seit { $time }.",
  "status-deaf": "⚠ Ich höre das Protokoll nicht: Bis dahin kommt keine Warnung. Ich versuche es weiter.",
  "status-altered": "⚠ Das Protokoll wurde verändert: anhalten und nachsehen, mit dem Offline-Prüfer.",
  "status-waiting": "{ $count ->\n    [one] { $count } Warnung wartet.\n   *[other] { $count } Warnungen warten.\n}",

  "channels-none": "Es gibt keinen Bot.",
  attached: "verbunden",
  away: "NICHT verbunden",
  paused: "pausiert",
  disabled: "abgeschaltet",
  waiting: "{ $count } warten",

  "pending-none": "Nichts ist offen.",
  pending: "Jetzt offen:",

  "tx-none": "Kein Vorgang ist { $wanted }, soweit ich sehen darf.",
  "tx-several": "Mehrere sind { $wanted }:",
  "tx-tenant": "Mandant",
  "tx-user": "Benutzer",
  "tx-kind": "Art",
  "tx-created": "Angelegt",
  "tx-reason": "Grund",
  "tx-delivery": "Nachricht",
  "tx-tampered": "⚠ Der Schlüssel hat anderes unterschrieben, als der Kern hat. Der PC ist womöglich unsicher.",

  "freeze-ok": "{ $user } bei { $tenant } ist gesperrt und kann nichts bestätigen.",
  "freeze-end": "Das endet nur mit dem eigenen Schlüssel. Das Auftauen beginnt in der Konsole oder mit der CLI.",
  "freeze-state": "{ $user } bei { $tenant } kann nichts bestätigen: { $state }",
  "freeze-several": "Nichts getan: Mehr als ein Benutzer heißt { $user }. Nennen Sie einen davon:",
  "freeze-none": "Nichts getan: Ich kenne keinen Benutzer namens { $user }.",
  "freeze-near": "Diese fangen so an:",

  "pause-ok": "{ $bot } bei { $tenant } ist pausiert und bekommt keinen Code. Einsprüche kommen weiter durch.",
  "pause-end":
    "Codes gehen an die nächsten Kanäle der Benutzer. Fortsetzen in der Konsole oder mit der CLI; Ihr Schlüssel unterschreibt das.",
  "pause-already": "{ $bot } bei { $tenant } war schon pausiert.",
  "pause-several": "Nichts getan: Mehr als ein Bot passt zu { $bot }. Nennen Sie einen davon:",
  "pause-none": "Nichts getan: Kein Bot passt zu { $bot }.",
  "pause-these": "Es gibt diese:",
  "tenant-none": "Nichts getan: Ich darf keinen Mandanten namens { $tenant } sehen.",

  "audit-kept": "Einträge des Protokolls, die ich mir merke: { $count }. Keiner wurde seither anders erzählt.",
  "audit-acts": "Was Administratoren zuletzt getan haben:",
  "audit-none": "Ich habe von nichts gehört, das Administratoren getan hätten.",

  "whoami-you": "Sie sind { $name }: { $id }",
  "whoami-me": "Ich handle als { $admin }: { $role }",
  "whoami-audit": "Was ich für Sie anhalte, steht mit beiden Namen im Protokoll.",
  "whoami-all": "Ich sehe jeden Mandanten.",
  "whoami-one": "Ich sehe einen Mandanten: { $tenant }",

  help: "Ich sage, was geschieht, und kann es anhalten. Freigeben und zurücknehmen kann ich nichts: Das braucht Ihren Schlüssel.",
  "help-status": "wie es steht",
  "help-channels": "die Bots, und ob sie da sind",
  "help-pending": "was offen ist",
  "help-tx": "Vorgänge nach ihren zwei Wörtern oder ihrer Kennung",
  "help-freeze": "einen Benutzer sofort sperren",
  "help-pause": "einen Bot sofort anhalten",
  "help-audit": "was Administratoren getan haben",
  "help-whoami": "wer Sie für mich sind",
  "help-help": "diese Liste",

  "mistake-takes-nothing": "Nicht getan: Hinter { $command } darf nichts stehen.",
  "mistake-needs-tx": "Welcher? Seine zwei Wörter oder seine Kennung aus Hexadezimalziffern.",
  "mistake-bad-tx": "Das sind weder zwei Wörter noch eine Kennung aus Hexadezimalziffern.",
  "mistake-needs-user": "Nichts getan: wen? Mit dem Namen, den der Anwender dem Benutzer gegeben hat.",
  "mistake-bad-user": "Nichts getan: So kann kein Benutzer heißen. Erlaubt sind Buchstaben, Ziffern und . _ @ + -",
  "mistake-needs-bot": "Nichts getan: welchen Bot? Seinen Namen, seine Plattform oder seine Kennung.",
  "mistake-bad-bot": "Nichts getan: So kann kein Bot heißen. Erlaubt sind Buchstaben, Ziffern und -",

  loosens:
    "Nicht getan, und nie aus einem Chat: Das lockert etwas. Nehmen Sie die Konsole oder die CLI; es geschieht, wenn Ihr Schlüssel es unterschrieben hat.",
  unknown: "Das habe ich nicht verstanden. /help sagt, was ich kann.",
  forwarded: "Das wurde mir weitergeleitet. Ich handle nur nach dem, was Sie selbst schreiben.",
  stale:
    "Nicht getan: Das haben Sie { $time } geschrieben, und ich lese es erst jetzt. Wenn es noch gilt, senden Sie es noch einmal:",
  refused: "Der Kern hat abgelehnt: { $reason }",
  "core-silent": "Der Kern antwortet nicht. Jetzt lässt sich nichts sagen.",
  "stop-unknown":
    "Der Kern hat nicht geantwortet: Niemand weiß, ob es getan ist. Senden Sie es noch einmal; zweimal schadet nicht.",
  failed: "Das ging nicht. Der Fehler liegt bei mir; mehr steht im Protokoll des Bots.",

  "alert-tampered":
    "{ $count ->\n    [one] ⚠ VERFÄLSCHT: Ein Schlüssel hat anderes unterschrieben, als der Kern hat.\n   *[other] ⚠ VERFÄLSCHT, { $count }-mal: Schlüssel haben anderes unterschrieben, als der Kern hat.\n}",
  "alert-locked": "⚠ { $count } Vorgänge wurden durch falsche Codes gesperrt.",
  "alert-undeliverable": "⚠ { $count } Vorgänge waren nicht zustellbar: Kein Code kam auf ein Telefon.",
  "alert-dead-letters": "⚠ { $count } Nachrichten an Benutzer wurden aufgegeben.",
  "alert-veto-alarm": "⚠ Ein Bot hält mehr an als üblich. Sein Token ist womöglich gestohlen.",
  "alert-acts":
    "{ $count ->\n    [one] Ein Administrator hat etwas getan:\n   *[other] Administratoren haben { $count } Dinge getan. Das letzte:\n}",
  "alert-integrity":
    "⚠ Dem Protokoll oder dem Speicher ist nicht zu trauen: Etwas darin wurde verändert. Anhalten und nachsehen.",
  "alert-tail-lost": "⚠ Ein Ausfall hat die letzten Einträge des Protokolls gekostet.",
  "alert-channel-down":
    "{ $count ->\n    [one] ⚠ Ein Bot ist seit mehr als einer Minute nicht verbunden.\n   *[other] ⚠ { $count } Bots sind seit mehr als einer Minute nicht verbunden.\n}",
  "alert-channel-back":
    "{ $count ->\n    [one] ✔ Ein Bot ist wieder da.\n   *[other] ✔ { $count } Bots sind wieder da.\n}",
  "alert-core-away": "⚠ Der Kern antwortet seit mehr als einer Minute nicht.",
  "alert-core-back": "✔ Der Kern antwortet wieder.",
  "alert-twin":
    "⚠ Ein anderer Prozess benutzt mein Token des Chat-Dienstes. Ist es keiner von Ihnen, ist das Token gestohlen: Wechseln Sie es.",
  "alert-sealed": "Ein Kopf des Protokolls. Bewahren Sie ihn auf: Er beweist später, was jetzt da war.",
  "alert-newest": "Das neueste: { $about }",
  "alert-tenant": "Mandant: { $tenant }",
  "alert-between": "Zwischen { $from } und { $until }",
  "alert-look": "Ansehen: { $command }",
  "alert-again": "Das kommt vielleicht zum zweiten Mal: Der erste Versuch blieb ohne Antwort.",
};
