# Judges deliveries by the Standard Webhooks library of Python. stdin: one JSON object a line, {"secret", "headers", "body"};
# stdout: for each "true" or why not.
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    given = json.loads(line)
    try:
        Webhook(given["secret"]).verify(given["body"], given["headers"])
        print("true")
    except WebhookVerificationError as error:
        print(error)
