# Every page.
nav = Seiten
nav-overview = Übersicht
nav-channels = Kanäle
nav-deliveries = Zustellungen
nav-transactions = Vorgänge
nav-users = Benutzer
nav-policy = Regeln
nav-webhooks = Webhooks
nav-changes = Änderungen
nav-administrators = Verwalter
nav-audit = Protokoll
tenant = Mandant
tenant-administration = { $issuer } (Verwalter)
role-0 = unbekannte Rolle
role-1 = Eigner
role-2 = Admin
role-3 = Operator
role-4 = Prüfer
right-missing-stop = Ihre Rolle liest und stoppt nicht: Was etwas stoppen würde, wird hier nicht gezeigt. Operatoren, Admins und Eigner dürfen es.
right-missing-change = Ihre Rolle bittet nicht um Änderungen: Was etwas lockern würde, wird hier nicht gezeigt. Admins und Eigner dürfen es.
right-missing-installation = Nur Eigner ändern die Installation selbst: Was das täte, wird hier nicht gezeigt.
lacks-key = Sie haben noch keinen Schlüssel und können darum nichts ändern.
lacks-chat = Sie haben noch keinen Chat und können darum nichts ändern.
lacks-both = Sie haben noch weder Schlüssel noch Chat und können darum nichts ändern.
lacks-where = Jetzt einrichten

# Controls.
apply = Anwenden
clear = Leeren
filters = Filter
previous = Vorige Seite
next = Nächste Seite
page-number = Seite { $number }
pages-of = Seiten von: { $caption }
page-empty = Nichts auf dieser Seite; auf der nächsten kann noch etwas sein.
all = Alle
none = keine
time = Zeit
done = { $what }: erledigt.
show-as-table = Als Tabelle
chart-of = { $caption }, als Diagramm. Dieselben Zahlen gibt es als Tabelle.

# Changes.
change-ask = Darum bitten
change-takes-key = Das lockert etwas. Nichts geschieht, bevor Ihr eigener Schlüssel es unterschrieben hat.
change-approve-title = Dieser Änderung zustimmen?
change-approve-explained = { $who } hat darum gebeten und unterschrieben. Ihr Schlüssel zeigt dieselben Zeilen.
change-id = Änderung
change-failed-because = Nichts wurde getan: { $reason }
change-state-0 = unbekannt
change-state-1 = wartet auf den Schlüssel dessen, der darum bat
change-state-2 = { $given } von { $needed } haben unterschrieben
change-state-3 = unterschrieben, wird gleich ausgeführt
change-state-4 = ausgeführt
change-state-5 = abgelehnt, nichts wurde getan
change-state-6 = verfallen, nichts wurde getan
change-state-7 = gescheitert, nichts wurde getan
change-level-1 = niedrig
change-level-2 = mittel
change-level-3 = hoch

# What the core says no with.
failure-reason = Grund:
reason-unknown = Der Core hat es abgelehnt.
reason-UNREACHABLE = Der Core ist nicht zu erreichen.
reason-UNAUTHENTICATED = Der Core kennt Sie nicht.
reason-NOT_ALLOWED = Ihre Rolle darf das nicht.
reason-NOT_FOUND = Das gibt es nicht, oder Sie haben keinen Anteil daran.
reason-ALREADY_EXISTS = Das gibt es schon.
reason-STATE_CONFLICT = Es ist nicht mehr so, wie diese Seite es zeigte.
reason-BAD_INPUT = Etwas daran ist nicht wohlgeformt.
reason-DUPLICATE = Um dasselbe wurde eben schon gebeten.
reason-USER_BLOCKED = Der Benutzer ist eingefroren, gesperrt oder ausgesetzt.
reason-UNAVAILABLE = Der Core kann das gerade nicht.
reason-STORE_FULL = Der Speicher ist voll.
reason-RATE_LIMITED = Das war zu oft.
next-unknown = Versuchen Sie es noch einmal; bleibt es so, nennen Sie den Grund dem, der den Core betreibt.
next-wait = { $seconds ->
    [one] Versuchen Sie es in einer Sekunde noch einmal.
   *[other] Versuchen Sie es in { $seconds } Sekunden noch einmal.
}
next-UNREACHABLE = Läuft er, und sind Sie verbunden? Nichts ist verloren: Versuchen Sie es noch einmal.
next-NOT_ALLOWED = Bitten Sie jemanden mit einer anderen Rolle.
next-NOT_FOUND = Prüfen Sie die Kennung, und ob der richtige Mandant gewählt ist.
next-ALREADY_EXISTS = Wählen Sie einen anderen Namen.
next-STATE_CONFLICT = Laden Sie die Seite neu und sehen Sie noch einmal hin.
next-BAD_INPUT = Berichtigen Sie es und versuchen Sie es noch einmal.
next-DUPLICATE = Sehen Sie nach, ob es schon unterwegs ist.
next-UNAVAILABLE = Versuchen Sie es gleich noch einmal.
next-STORE_FULL = Sagen Sie es dem, der den Core betreibt.
