# Every page of ours.
skip = Zum Inhalt
language = Sprache
log-out = Abmelden
close = Schließen
cancel = Abbrechen
loading = Wird geladen …
try-again = Noch einmal versuchen
yes = ja
no = nein
