"""A stock Python client, generated from the protos: creates a user, then a payment that names no key; prints what it got.

argv: folder with the generated modules, core address, token file. Output: one JSON line a call.
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
import grpc
from countersign.core.v1 import content_pb2 as content
from countersign.core.v1 import transaction_service_pb2 as transaction
from countersign.core.v1 import transaction_service_pb2_grpc as transactions
from countersign.core.v1 import user_service_pb2 as user
from countersign.core.v1 import user_service_pb2_grpc as users

channel = grpc.insecure_channel(sys.argv[2])
with open(sys.argv[3], encoding="ascii") as file:
    metadata = [("authorization", "Bearer " + file.read().strip())]


def tell(name, call, request):
    try:
        answer = call(request, metadata=metadata, timeout=60)
        print(json.dumps({"call": name, "ok": type(answer).__name__}))
        return answer
    except grpc.RpcError as error:
        print(json.dumps({"call": name, "code": error.code().name, "details": error.details()}))
        return None


tell(
    "UserService.Create",
    users.UserServiceStub(channel).Create,
    user.UserServiceCreateRequest(request_id="python-1", user_id="python", phrase="green kettle", locale="en"),
)
payment = transaction.TransactionServiceCreateRequest(
    request_id="python-2",
    user_id=sys.argv[4],
    kind=content.KIND_PAY,
    fields=[
        content.Field(label=content.LABEL_AMOUNT, amount=content.Amount(currency="EUR", minor_units="1999")),
        content.Field(label=content.LABEL_TO, text="Python Books Ltd"),
        content.Field(label=content.LABEL_ACCOUNT, account=content.Account(iban="DE89370400440532013000")),
    ],
    # Packed by proto3's default, as no other request field is.
    content_versions=[1],
)
created = tell("TransactionService.Create", transactions.TransactionServiceStub(channel).Create, payment)
if created is not None:
    print(json.dumps({"lines": [line.value for line in created.transaction.lines], "tag": created.transaction.tag}))
