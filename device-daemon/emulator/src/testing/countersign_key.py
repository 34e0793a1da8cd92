"""pytest plugin: lets python-fido2 and its device tests meet the emulated key (docs/protocol/hid.md).

COUNTERSIGN_FIDO_SOCKET  Unix socket of the key's FIDO interface, 64-byte records
COUNTERSIGN_CONTROL      URL of its display and buttons

The key appears among python-fido2's HID devices while its socket exists. Whenever it asks, a hand presses OK, or what
`hand.does` says; what the tests ask of a person (unplug, plug) is done over the control port.
"""

import json
import os
import socket
import sys
import threading
import time
import urllib.request

import fido2.hid
from fido2.hid.base import CtapHidConnection, HidDescriptor

SOCKET = os.environ["COUNTERSIGN_FIDO_SOCKET"]
CONTROL = os.environ["COUNTERSIGN_CONTROL"]
REPORT = 64
PATIENCE = 200


class SocketConnection(CtapHidConnection):
    """Raw records on the key's socket."""

    def __init__(self, descriptor):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(descriptor.path)

    def read_packet(self):
        report = b""
        while len(report) < REPORT:
            more = self._socket.recv(REPORT - len(report))
            if not more:
                raise OSError("the key is gone")
            report += more
        return report

    def write_packet(self, data):
        assert len(data) == REPORT
        self._socket.sendall(data)

    def close(self):
        self._socket.close()


def descriptor(path):
    return HidDescriptor(path, 0x1209, 0, REPORT, REPORT, "Countersign emulator", None)


def list_descriptors():
    return [descriptor(SOCKET)] if os.path.exists(SOCKET) else []


fido2.hid.list_descriptors = list_descriptors
fido2.hid.get_descriptor = descriptor
fido2.hid.open_connection = SocketConnection


def control(method, place, body=None):
    request = urllib.request.Request(
        CONTROL + place,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Hand:
    """What the person does whenever the key asks; nothing with None."""

    does = "ok"

    def act(self):
        # What comes too soon after a change of the page is not taken: then the hand acts again.
        if self.does in ("ok", "reject"):
            control("POST", "/press", {"key": self.does})
        elif self.does is not None:
            control("POST", "/finger", {"match": self.does == "finger"})


hand = Hand()


def act_whenever_asked():
    """A key without a display shows no difference between two questions, so the hand acts until the question is gone."""
    screen = control("GET", "/screen")
    while True:
        if screen["page"] == "fido":
            hand.act()
            time.sleep(0.01)
            screen = control("GET", "/screen")
        else:
            screen = control("GET", f"/screen?after={screen['version']}")


def pytest_configure(config):
    threading.Thread(target=act_whenever_asked, daemon=True).start()


def pytest_collection_modifyitems(session, config, items):
    """The tests tell a person what to do by this class; here it is done instead."""
    suite = sys.modules.get("tests.device")
    if suite is None:
        return
    printer = suite.Printer
    printer.print = lambda self, *messages: None
    printer.touch = lambda self: None
    printer.remove = lambda self, nfc=False: control("POST", "/unplug", {})
    printer.insert = lambda self, nfc=False: control("POST", "/plug", {})
