"""Verifies with python-fido2 what the daemon made of a key's answers; JSON with hexadecimal values on stdin."""

import json
import sys

from fido2.attestation import Attestation
from fido2.utils import sha256
from fido2.webauthn import AttestationObject, AuthenticatorData, CollectedClientData

said = json.load(sys.stdin)
part = {name: bytes.fromhex(value) for name, value in said.items() if name not in ("rpId", "challenge")}

made = AttestationObject(part["attestationObject"])
created = CollectedClientData(part["createClientData"])
Attestation.for_type(made.fmt)().verify(made.att_stmt, made.auth_data, created.hash)
assert created.type == "webauthn.create" and created.origin == "countersign:native" and not created.cross_origin

credential = made.auth_data.credential_data
got = CollectedClientData(part["getClientData"])
data = AuthenticatorData(part["authenticatorData"])
credential.public_key.verify(data + got.hash, part["signature"])
assert got.type == "webauthn.get" and got.origin == "countersign:native" and not got.cross_origin
assert got.challenge == sha256(b"countersign/fido/v1\0" + part["statement"])
assert data.rp_id_hash == made.auth_data.rp_id_hash == sha256(said["rpId"].encode())
assert data.is_user_present() and data.is_user_verified() and data.counter > made.auth_data.counter
print("verified", credential.credential_id.hex())
