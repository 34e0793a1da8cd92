"""Asks for a payment to be confirmed, follows it to its end, and keeps its receipt. README.md says how to run it."""
import json
import os
import sys
import uuid

import grpc
from countersign.core.v1 import content_pb2 as content
from countersign.core.v1 import receipt_service_pb2 as receipt
from countersign.core.v1 import receipt_service_pb2_grpc as receipts
from countersign.core.v1 import transaction_service_pb2 as transaction
from countersign.core.v1 import transaction_service_pb2_grpc as transactions

OPEN = {content.STATE_PENDING, content.STATE_PARTIAL, content.STATE_CONFIRMED, content.STATE_EXECUTING}
BROKEN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}

with open(os.environ["COUNTERSIGN_CONFIG"], encoding="utf8") as file:
    settings = json.load(file)
with open(settings["tokenFile"], encoding="ascii") as file:
    metadata = [("authorization", "Bearer " + file.read().strip())]
# Elsewhere than on this machine: grpc.secure_channel(…, grpc.ssl_channel_credentials()).
channel = grpc.insecure_channel(settings["core"])
core = transactions.TransactionServiceStub(channel)

created = core.Create(
    transaction.TransactionServiceCreateRequest(
        # Of this order: asked again with the same one, the core answers with the same transaction.
        request_id=str(uuid.uuid4()),
        user_id=settings["user"],
        kind=content.KIND_PAY,
        fields=[
            content.Field(label=content.LABEL_AMOUNT, amount=content.Amount(currency="EUR", minor_units="1999")),
            content.Field(label=content.LABEL_TO, text="Python Books Ltd"),
            content.Field(label=content.LABEL_ACCOUNT, account=content.Account(iban="DE89370400440532013000")),
        ],
        content_versions=[1],
    ),
    metadata=metadata,
    timeout=10,
    wait_for_ready=True,
).transaction
print("created", created.transaction_id, created.tag, flush=True)

state, cursor = created.state, ""
while state in OPEN:
    try:
        watch = transaction.TransactionServiceWatchRequest(transaction_id=created.transaction_id, cursor=cursor)
        for event in core.Watch(watch, metadata=metadata, wait_for_ready=True):
            state, cursor = event.transaction.state, event.cursor
            print(content.State.Name(state), flush=True)
    except grpc.RpcError as error:  # a stream that broke goes on behind its cursor
        if error.code() not in BROKEN:
            raise
if state != content.STATE_EXECUTED:
    sys.exit("not carried out; the phone says more")

got = receipts.ReceiptServiceStub(channel).Get(
    receipt.ReceiptServiceGetRequest(transaction_id=created.transaction_id), metadata=metadata, timeout=10
)
with open(f"receipt-{created.transaction_id}.json", "wb") as file:
    file.write(got.receipt)
print("receipt", file.name)
