# Every page of ours.
skip = To the content
language = Language
log-out = Log out
close = Close
cancel = Cancel
loading = Loading …
try-again = Try again
yes = yes
no = no
