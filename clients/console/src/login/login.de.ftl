login-title = Bei Countersign anmelden
session-left = Sie haben sich abgemeldet.
session-expired = Ihre Sitzung war zu Ende: Ihre Zeit war um. Melden Sie sich neu an.
session-ended = Ihre Sitzung wurde beendet: von Ihnen anderswo oder von einem anderen Verwalter. Melden Sie sich neu an.
key-tag = Schlüssel und Telefon zeigen: { $tag }
