"""python-fido2 as an independent host: what its own device tests do not ask of the key. Run with -p countersign_key."""

import os
import struct
import threading

import pytest
from countersign_key import REPORT, SocketConnection, control, descriptor, hand, SOCKET
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.attestation import PackedAttestation
from fido2.attestation.base import AttestationType
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.hid import CTAPHID, CtapHidDevice
from fido2.utils import sha256

RP = {"id": "0123456789abcdef0123456789abcdef.countersign.invalid", "name": "Acme Bank"}
USER = {"id": b"user 1", "name": "alice", "displayName": "Alice"}
PARAMS = [{"type": "public-key", "alg": -7}]
HASH = sha256(b"client data of a transaction")
PIN = "pw ü 1"
FINGER = os.environ.get("COUNTERSIGN_FINGER") == "on"
SELF = os.environ.get("COUNTERSIGN_ATTESTATION") == "self"


@pytest.fixture
def device():
    hand.does = "ok"
    device = CtapHidDevice(descriptor(SOCKET), SocketConnection(descriptor(SOCKET)))
    yield device
    device.close()


@pytest.fixture
def ctap(device):
    """A key that was wiped within its first seconds of power."""
    replug()
    device = CtapHidDevice(descriptor(SOCKET), SocketConnection(descriptor(SOCKET)))
    ctap = Ctap2(device)
    ctap.reset()
    yield Ctap2(device)
    device.close()


def replug():
    control("POST", "/unplug", {})
    control("POST", "/plug", {})


def make(ctap, **more):
    return ctap.make_credential(HASH, RP, USER, PARAMS, **more)


def allow(made):
    return [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}]


def refused(name):
    return pytest.raises(CtapError, match=name)


def test_interface_speaks_ctap2_and_no_u2f(device):
    assert device.capabilities == 0x01 | 0x04 | 0x08
    assert device.version == 2
    device.wink()
    with refused("INVALID_COMMAND"):
        device.call(CTAPHID.MSG, b"\0\3\0\0\0\0\0")
    with refused("INVALID_COMMAND"):
        device.call(0x59, b"\1")


def test_packed_attestation_leads_to_the_root(ctap):
    made = make(ctap)
    assert made.fmt == "packed"
    result = PackedAttestation().verify(made.att_stmt, made.auth_data, HASH)
    if SELF:
        assert result.attestation_type == AttestationType.SELF
        return
    assert result.attestation_type == AttestationType.BASIC
    (leaf,) = (x509.load_der_x509_certificate(each) for each in result.trust_path)
    root = x509.load_pem_x509_certificate(os.environ["COUNTERSIGN_FIDO_ROOT"].encode())
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert leaf.version == x509.Version.v3
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    aaguid = leaf.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4"))
    assert not aaguid.critical
    assert aaguid.value.value == b"\x04\x10" + bytes(ctap.info.aaguid)


def test_no_attestation_when_none_is_preferred(ctap):
    request = {1: HASH, 2: RP, 3: USER, 4: PARAMS, 11: ["none"]}
    answer = ctap.send_cbor(Ctap2.CMD.MAKE_CREDENTIAL, request)
    assert answer[1] == "none" and answer[3] == {}


def test_chosen_client_data_hash_is_signed(ctap):
    made = make(ctap)
    assertion = ctap.get_assertion(RP["id"], HASH, allow(made))
    assertion.verify(HASH, made.auth_data.credential_data.public_key)
    with pytest.raises(Exception):
        assertion.verify(sha256(b"another"), made.auth_data.credential_data.public_key)
    assert assertion.auth_data.rp_id_hash == sha256(RP["id"].encode())
    assert assertion.auth_data.flags == 0x01


def test_counter_rises_with_every_signature(ctap):
    made = make(ctap)
    counters = [made.auth_data.counter]
    for _ in range(3):
        counters.append(ctap.get_assertion(RP["id"], HASH, allow(made)).auth_data.counter)
    replug()
    again = Ctap2(CtapHidDevice(descriptor(SOCKET), SocketConnection(descriptor(SOCKET))))
    counters.append(again.get_assertion(RP["id"], HASH, allow(made)).auth_data.counter)
    assert counters == sorted(set(counters))


def test_credential_of_another_relying_party_is_unknown(ctap):
    made = make(ctap)
    with refused("NO_CREDENTIALS"):
        ctap.get_assertion("other.example", HASH, allow(made))


def test_look_without_touch(ctap):
    made = make(ctap)
    hand.does = None
    assertion = ctap.get_assertion(RP["id"], HASH, allow(made), options={"up": False})
    assert assertion.auth_data.flags == 0


@pytest.mark.skipif(FINGER, reason="a key that verifies keeps no credential without it")
def test_next_assertions(ctap):
    users = [{"id": bytes([number]), "name": f"user {number}"} for number in range(3)]
    for user in users:
        ctap.make_credential(HASH, RP, user, PARAMS, options={"rk": True})
    assertions = ctap.get_assertions(RP["id"], HASH)
    assert [each.user["id"] for each in assertions] == [b"\2", b"\1", b"\0"]
    assert [list(each.user) for each in assertions] == [["id"]] * 3
    with refused("NOT_ALLOWED"):
        ctap.get_next_assertion()


@pytest.mark.skipif(FINGER, reason="a key that verifies keeps no credential without it")
def test_store_of_credentials_is_bounded(ctap):
    room = ctap.info.remaining_disc_creds
    for number in range(room):
        ctap.make_credential(HASH, RP, {"id": struct.pack(">I", number), "name": "x"}, PARAMS, options={"rk": True})
    assert ctap.get_info().remaining_disc_creds == 0
    with refused("KEY_STORE_FULL"):
        ctap.make_credential(HASH, RP, {"id": b"more", "name": "x"}, PARAMS, options={"rk": True})
    ctap.make_credential(HASH, RP, {"id": struct.pack(">I", 0), "name": "again"}, PARAMS, options={"rk": True})


def test_person_says_no(ctap):
    hand.does = "reject"
    with refused("OPERATION_DENIED"):
        make(ctap)
    with refused("OPERATION_DENIED"):
        ctap.selection()


def test_cancel(ctap):
    hand.does = None
    stop = threading.Event()
    asked = []

    def on_keepalive(status):
        asked.append(status)
        stop.set()

    with refused("KEEPALIVE_CANCEL"):
        make(ctap, event=stop, on_keepalive=on_keepalive)
    assert asked == [2]
    hand.does = "ok"
    assert make(ctap).auth_data.flags & 0x01


def test_unsupported_algorithm(ctap):
    with refused("UNSUPPORTED_ALGORITHM"):
        ctap.make_credential(HASH, RP, USER, [{"type": "public-key", "alg": -8}])


def test_options_that_are_none(ctap):
    made = make(ctap)
    with refused("INVALID_OPTION"):
        make(ctap, options={"up": False})
    with refused("INVALID_OPTION"):
        ctap.get_assertion(RP["id"], HASH, allow(made), options={"rk": True})
    if not FINGER:
        with refused("INVALID_OPTION"):
            make(ctap, options={"uv": True})


def test_reset_needs_fresh_power(ctap):
    """The fixture's reset was in time; the firmware's own tests turn the clock."""
    made = make(ctap)
    replug()
    fresh = Ctap2(CtapHidDevice(descriptor(SOCKET), SocketConnection(descriptor(SOCKET))))
    fresh.reset()
    with refused("NO_CREDENTIALS"):
        fresh.get_assertion(RP["id"], HASH, allow(made))


@pytest.mark.parametrize("protocol", [PinProtocolV1, PinProtocolV2])
def test_token_verifies_for_its_permission_and_relying_party(ctap, protocol):
    pin = ClientPin(ctap, protocol())
    pin.set_pin(PIN)
    number = protocol.VERSION
    mc, ga = ClientPin.PERMISSION.MAKE_CREDENTIAL, ClientPin.PERMISSION.GET_ASSERTION
    token = pin.get_pin_token(PIN, mc, RP["id"])
    made = make(ctap, pin_uv_param=pin.protocol.authenticate(token, HASH), pin_uv_protocol=number)
    assert made.auth_data.flags & 0x04
    for permissions, rp_id in ((mc, RP["id"]), (ga, "other.example")):
        token = pin.get_pin_token(PIN, permissions, rp_id)
        param = pin.protocol.authenticate(token, HASH)
        with refused("PIN_AUTH_INVALID"):
            ctap.get_assertion(RP["id"], HASH, allow(made), pin_uv_param=param, pin_uv_protocol=number)
    token = pin.get_pin_token(PIN, ga, RP["id"])
    param = pin.protocol.authenticate(token, HASH)
    assertion = ctap.get_assertion(RP["id"], HASH, allow(made), pin_uv_param=param, pin_uv_protocol=number)
    assert assertion.auth_data.flags == 0x05
    with refused("PIN_AUTH_INVALID"):
        ctap.get_assertion(RP["id"], HASH, allow(made), pin_uv_param=param, pin_uv_protocol=number)


@pytest.mark.parametrize("protocol", [PinProtocolV1, PinProtocolV2])
def test_eight_wrong_pins_block(ctap, protocol):
    ClientPin(ctap, protocol()).set_pin(PIN)
    for left in range(7, -1, -1):
        pin = ClientPin(ctap, protocol())
        with refused("PIN_(INVALID|AUTH_BLOCKED|BLOCKED)"):
            pin.get_pin_token("wrong")
        assert pin.get_pin_retries()[0] == left
        if left in (5, 2):
            replug()
            ctap = Ctap2(CtapHidDevice(descriptor(SOCKET), SocketConnection(descriptor(SOCKET))))
    with refused("PIN_BLOCKED"):
        ClientPin(ctap, protocol()).get_pin_token(PIN)


@pytest.mark.parametrize("protocol", [PinProtocolV1, PinProtocolV2])
@pytest.mark.parametrize("pin", ["äöü", "x" * 64])
def test_pins_that_are_too_short_or_long(ctap, protocol, pin):
    """Three letters in six bytes; 64 bytes that leave no zero at the end."""
    client = ClientPin(ctap, protocol())
    agreement, secret = client._get_shared_secret()
    encrypted = client.protocol.encrypt(secret, pin.encode().ljust(64, b"\0"))
    with refused("PIN_POLICY_VIOLATION"):
        ctap.client_pin(
            protocol.VERSION,
            ClientPin.CMD.SET_PIN,
            key_agreement=agreement,
            new_pin_enc=encrypted,
            pin_uv_param=client.protocol.authenticate(secret, encrypted),
        )


def test_empty_tag_lets_the_person_choose(ctap):
    with refused("PIN_NOT_SET"):
        make(ctap, pin_uv_param=b"", pin_uv_protocol=1)
    ClientPin(ctap).set_pin(PIN)
    with refused("PIN_INVALID"):
        make(ctap, pin_uv_param=b"", pin_uv_protocol=1)


def test_discoverable_credential_needs_the_pin_that_is_set(ctap):
    ClientPin(ctap).set_pin(PIN)
    with refused("PUAT_REQUIRED"):
        make(ctap, options={"rk": True})
    assert make(ctap).auth_data.flags & 0x04 == 0


@pytest.mark.skipif(not FINGER, reason="this key has no finger sensor")
@pytest.mark.parametrize("protocol", [PinProtocolV1, PinProtocolV2])
def test_finger_gives_a_token(ctap, protocol):
    pin = ClientPin(ctap, protocol())
    hand.does = "finger"
    token = pin.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, RP["id"])
    param = pin.protocol.authenticate(token, HASH)
    assert make(ctap, pin_uv_param=param, pin_uv_protocol=protocol.VERSION).auth_data.flags & 0x04
    assert make(ctap, options={"uv": True}).auth_data.flags & 0x04


@pytest.mark.skipif(not FINGER, reason="this key has no finger sensor")
def test_wrong_fingers_block_the_sensor(ctap):
    pin = ClientPin(ctap)
    hand.does = "wrong finger"
    assert pin.get_uv_retries() == 5
    with refused("UV_INVALID"):
        pin.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, RP["id"])
    assert pin.get_uv_retries() == 2
    with refused("UV_BLOCKED"):
        pin.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, RP["id"])
    hand.does = "finger"
    with refused("UV_BLOCKED"):
        pin.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, RP["id"])
    pin.set_pin(PIN)
    pin.get_pin_token(PIN, ClientPin.PERMISSION.MAKE_CREDENTIAL, RP["id"])
    assert pin.get_uv_retries() == 5


def test_public_key_is_on_the_curve(ctap):
    key = make(ctap).auth_data.credential_data.public_key
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(key[-2], "big"), int.from_bytes(key[-3], "big"), ec.SECP256R1()
    )
    numbers.public_key()
    assert (key[1], key[3], key[-1]) == (2, -7, 1)
