"""An SMSC from other hands, as a judge of our SMPP client.

PDUs are read and written by smpppdu (the codec of smppy; Twisted's smpp.pdu by descent), every submit_sm is read a second
time by smpp34 (Rust), and GSM 7-bit by gsm0338. What the two codecs read must agree. Ours is only the loop between them.

Run: smsc.py SYSTEM_ID PASSWORD. Prints one JSON line a happening on standard output, the first of them
{"ready": true, "port": N}; takes one JSON line a command on standard input: {"report": ID, "stat": "DELIVRD"} sends a
delivery receipt, {"throttle": N} refuses the next N messages.
"""

import asyncio
import io
import json
import sys

import gsm0338
import smpp34
from smpp.pdu.operations import (
    BindTransceiverResp,
    DeliverSM,
    EnquireLinkResp,
    GenericNack,
    SubmitSM,
    SubmitSMResp,
    UnbindResp,
)
from smpp.pdu.pdu_encoding import PDUEncoder
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandId,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    EsmClass,
    EsmClassMode,
    EsmClassType,
    PriorityFlag,
    RegisteredDelivery,
    RegisteredDeliveryReceipt,
    ReplaceIfPresentFlag,
)
from smpp.pdu.sm_encoding import SMStringEncoder

SYSTEM_ID, PASSWORD = sys.argv[1:3]


def say(**happening):
    print(json.dumps(happening), flush=True)


class Smsc:
    def __init__(self):
        self.sessions = []
        self.messages = {}
        self.throttle = 0


class Session(asyncio.Protocol):
    def __init__(self, smsc):
        self.smsc = smsc
        self.waiting = b""
        self.bound = False
        self.sequence = 0

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, _):
        if self in self.smsc.sessions:
            self.smsc.sessions.remove(self)
            say(event="unbound")

    def data_received(self, data):
        self.waiting += data
        while len(self.waiting) >= 4:
            length = int.from_bytes(self.waiting[:4], "big")
            if len(self.waiting) < length:
                return
            raw, self.waiting = self.waiting[:length], self.waiting[length:]
            try:
                self.handle(raw, PDUEncoder().decode(io.BytesIO(raw)))
            except Exception as wrong:  # whatever either codec finds is a finding
                say(event="violation", what=f"{type(wrong).__name__}: {wrong}")
                self.transport.abort()
                return

    def send(self, pdu):
        self.transport.write(PDUEncoder().encode(pdu))

    def handle(self, raw, pdu):
        sequence = pdu.sequence_number
        if pdu.command_id == CommandId.bind_transceiver:
            self.bind(pdu)
        elif pdu.command_id == CommandId.enquire_link:
            self.send(EnquireLinkResp(sequence_number=sequence))
        elif pdu.command_id == CommandId.unbind:
            self.send(UnbindResp(sequence_number=sequence))
            self.transport.close()
        elif pdu.command_id == CommandId.submit_sm and self.bound:
            self.submit(raw, pdu)
        elif pdu.command_id == CommandId.deliver_sm_resp:
            say(event="report-answered", status=pdu.status)
        else:
            say(event="violation", what=f"{pdu.command_id}")
            self.send(GenericNack(sequence_number=sequence, status=CommandStatus.ESME_RINVCMDID))

    def bind(self, pdu):
        known = (text(pdu.params["system_id"]), text(pdu.params["password"])) == (SYSTEM_ID, PASSWORD)
        status = CommandStatus.ESME_ROK if known else CommandStatus.ESME_RINVPASWD
        if known:
            self.bound = True
            self.smsc.sessions.append(self)
        self.send(BindTransceiverResp(sequence_number=pdu.sequence_number, status=status, system_id="other"))
        say(event="bind", status=status, version=pdu.params["interface_version"])

    def submit(self, raw, pdu):
        if self.smsc.throttle > 0:
            self.smsc.throttle -= 1
            self.send(SubmitSMResp(sequence_number=pdu.sequence_number, status=CommandStatus.ESME_RTHROTTLED))
            return
        params = pdu.params
        second = smpp34.decode(raw)
        _, header, content = SMStringEncoder().split_SM(pdu)
        agree = (
            second.destination_addr == text(params["destination_addr"])
            and second.source_addr == text(params["source_addr"])
            and second.short_message == params["short_message"]
        )
        if not agree:
            raise ValueError("the two codecs read different messages")
        coding = second.data_coding
        message_id = f"py-{len(self.smsc.messages) + 1}"
        self.smsc.messages[message_id] = second
        say(
            event="submit",
            id=message_id,
            to=second.destination_addr,
            source=second.source_addr,
            sourceTon=params["source_addr_ton"],
            destTon=params["dest_addr_ton"],
            validity=second.validity_period,
            validUntil=until(params["validity_period"]),
            registered=params["registered_delivery"].receipt,
            replace=params["replace_if_present_flag"],
            coding=coding,
            header=None if header is None else list(header),
            sar=[tlv.as_int() for tlv in second.tlvs],
            text=content.decode("utf-16-be") if coding == 8 else content.decode("gsm03.38"),
        )
        self.send(SubmitSMResp(sequence_number=pdu.sequence_number, message_id=message_id))

    def report(self, message_id, stat):
        sent = self.smsc.messages[message_id]
        self.sequence += 1
        self.send(
            DeliverSM(
                sequence_number=self.sequence,
                service_type="",
                source_addr_ton=AddrTon.INTERNATIONAL,
                source_addr_npi=AddrNpi.ISDN,
                source_addr=sent.destination_addr,
                dest_addr_ton=AddrTon.ALPHANUMERIC,
                dest_addr_npi=AddrNpi.UNKNOWN,
                destination_addr=sent.source_addr,
                esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT),
                priority_flag=PriorityFlag.LEVEL_0,
                schedule_delivery_time=None,
                validity_period=None,
                registered_delivery=RegisteredDelivery(
                    RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED
                ),
                replace_if_present_flag=ReplaceIfPresentFlag.DO_NOT_REPLACE,
                data_coding=DataCoding(scheme_data=DataCodingDefault.SMSC_DEFAULT_ALPHABET),
                short_message=(
                    f"id:{message_id} sub:001 dlvrd:001 submit date:2611221330 done date:2611221331 "
                    f"stat:{stat} err:000 text:..."
                ).encode(),
            )
        )


def text(value):
    return value.decode() if isinstance(value, bytes) else value or ""


def until(validity):
    return validity.isoformat() if hasattr(validity, "isoformat") else None


async def commands(smsc):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        if "report" in command:
            smsc.sessions[-1].report(command["report"], command["stat"])
        elif "throttle" in command:
            smsc.throttle = command["throttle"]


async def main():
    smsc = Smsc()
    server = await asyncio.get_running_loop().create_server(lambda: Session(smsc), "127.0.0.1", 0)
    say(ready=True, port=server.sockets[0].getsockname()[1])
    await commands(smsc)


assert gsm0338 is not None and SubmitSM is not None
asyncio.run(main())
