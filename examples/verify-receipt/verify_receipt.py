#!/usr/bin/env python3
"""Verifies Countersign receipts offline with nothing of Countersign's own: CBOR by cbor2, COSE by pycose, ECDSA by
cryptography. Follows docs/protocol/receipt.md section 4; the first failure wins and names its part. See README.md."""
import argparse, base64, datetime, hashlib, json, re, sys, unicodedata, cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pycose.keys import CoseKey
from pycose.messages import Sign1Message

TYPES = {n: f"application/countersign-{n}+cbor" for n in ("statement", "enrolment", "attestation", "receipt", "audit-head")}
LABELS = dict(enumerate(("Amount", "To", "Account", "Bank", "Reference", "Date", "From", "Fee", "Total", "Count", "Payment",
  "Action", "Target", "Version", "Host", "User", "Command", "Argument", "Directory", "File", "Environment", "Role", "Address",
  "Network", "Limit", "Valid until", "Purpose", "Digest", "Channel", "Repeat"), 1)) | {40 + n: f"Detail {n}" for n in range(1, 9)}

class Refused(Exception):
    def __init__(self, part, why): super().__init__(why); self.part = part
def need(holds, part, why):
    if not holds: raise Refused(part, why)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def dump(value): return cbor2.dumps(value, canonical=True)
def det(data, part, negative=False):
    """The one value that these bytes are the det-CBOR of (docs/protocol/det-cbor.md)."""
    def fits(v, depth=0):
        if type(v) in (bytes, str, bool): return True
        if type(v) is int: return (-8 if negative else 0) <= v < 2**53
        if type(v) is dict: return all(type(k) is int and fits(k) for k in v) and fits(list(v.values()), depth)
        return type(v) is list and depth < 4 and all(fits(one, depth + 1) for one in v)
    try: value = cbor2.loads(data)
    except Exception: raise Refused(part, "no CBOR")
    need(fits(value) and dump(value) == data, part, "no deterministic CBOR of the subset")
    return value
def members(data, part, shape, optional=(), negative=False):
    """A map of exactly these keys; a shape is a type, a set of integers, or (type, least, most)."""
    found = det(data, part, negative)
    need(type(found) is dict and set(found) - set(optional) == set(shape) - set(optional), part, "other members than it has")
    for key, value in found.items():
        want = shape[key]
        if type(want) is tuple: good = type(value) is want[0] and want[1] <= len(value) <= want[2]
        else: good = type(value) is want if type(want) is type else type(value) is int and value in want
        need(good, part, f"member {key} is not as it has to be")
    return found

def public_key(data, part):
    k = members(data, part, {1: {2}, 3: {-7}, -1: {1}, -2: (bytes, 32, 32), -3: (bytes, 32, 32)}, negative=True)
    x, y = (int.from_bytes(k[at], "big") for at in (-2, -3))
    try: return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key(), CoseKey.from_dict(k)
    except Exception: raise Refused(part, "the point is not on P-256")

def envelope(data, part):
    m = det(data, part)
    form = type(m) is list and [type(one) for one in m] == [bytes, dict, bytes, bytes] and m[1] == {} and len(m[3]) == 64
    need(form, part, "no COSE_Sign1 of ours")
    header = members(m[0], part, {1: {-7}, 4: (bytes, 16, 16), 16: str}, negative=True)
    need(header[16] in TYPES.values(), part, "of another type")
    return m, header
def signed_by(message, header, kind, key):
    sign1 = Sign1Message.from_cose_obj(list(message), allow_unknown_attributes=True)
    sign1.key = key[1]
    return header[16] == TYPES[kind] and sign1.verify_signature()

def b64(text, part):
    good = type(text) is str and re.fullmatch("[A-Za-z0-9_-]*", text) and len(text) % 4 != 1
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if good else b"?"
    need(base64.urlsafe_b64encode(raw).decode().rstrip("=") == text, part, "no base64url without padding")
    return raw
HEX, BASE64, TEXT, NUMBER = '"[0-9a-f]{32}"', '"[A-Za-z0-9_-]*"', r'"(?:[^"\\]|\\.)*"', "(?:0|[1-9][0-9]{0,14})"
KEY = f'{{"keyId":{HEX},"publicKey":{BASE64},"attestation":{BASE64}}}'
APPROVAL = f'{{"user":{TEXT},"txId":{HEX},"signedStatement":{BASE64},"key":{KEY}}}'
POSITION = f'{{"shard":{NUMBER},"epoch":{NUMBER},"seq":{NUMBER},"entry":"[0-9a-f]{{64}}"(,"head":{BASE64})?}}'
FILE = {"format": '"countersign-receipt/1"', "serverId": HEX, "txId": HEX,
        "state": '"(CONFIRMED|EXECUTING|EXECUTED|EXECUTION_(FAILED|UNKNOWN))"',
        "time": '"[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}Z"', "content": BASE64, "signedStatement": BASE64, "key": KEY,
        "approvals": f'{{"user":{TEXT},"needed":{NUMBER},"given":\\[({APPROVAL}(,{APPROVAL})*)?\\]}}',
        "audit": f'"pending"|{POSITION}', "core": f'{{"keyId":{HEX},"countersignature":{BASE64}}}'}

def read(data):
    """The file as section 2 wants it: every member by its form, and the bytes exactly those that writing it gives."""
    try: f = json.loads(data.decode("utf-8")) if len(data) <= 65536 else None
    except (ValueError, RecursionError): raise Refused("format", "not a JSON file")
    need(type(f) is dict, "format", "no JSON object of at most 65536 bytes")
    for part, form in FILE.items():
        found = json.dumps(f.get(part), separators=(",", ":"), ensure_ascii=False)
        need(part == "approvals" and part not in f or re.fullmatch(form, found), part, "not as the format wants it")
    try: datetime.datetime.strptime(f["time"], "%Y-%m-%dT%H:%M:%SZ")
    except ValueError: raise Refused("time", "not in the calendar")
    written = json.dumps({part: f[part] for part in FILE if part in f}, indent=2, ensure_ascii=False) + "\n"
    need(written.encode("utf-8", "replace") == data, "format", "members, order or spaces differ from those of a receipt")
    key = lambda v, part: [bytes.fromhex(v["keyId"]), b64(v["publicKey"], part), b64(v["attestation"], part)]
    r = {n: f[n] for n in ("state", "time", "audit")} | {n: bytes.fromhex(f[n]) for n in ("serverId", "txId")}
    r |= {n: b64(f[n], n) for n in ("content", "signedStatement")} | {"key": key(f["key"], "key")}
    r["core"] = bytes.fromhex(f["core"]["keyId"]), b64(f["core"]["countersignature"], "core")
    if type(a := f["audit"]) is dict:
        r["audit"] = {1: a["shard"], 2: a["epoch"], 3: a["seq"], 4: bytes.fromhex(a["entry"])}
        r["audit"] |= {5: b64(a["head"], "audit")} if "head" in a else {}
    if a := f.get(part := "approvals"):
        given = [(g["user"], bytes.fromhex(g["txId"]), b64(g["signedStatement"], part), key(g["key"], part)) for g in a["given"]]
        r[part] = a["user"], a["needed"], given
    return r

def check_core(r, server_id, keys):
    need(r["serverId"] == server_id, "serverId", "of another installation")
    message, header = envelope(r["core"][1], "core")
    need(header[4] == r["core"][0], "core", "the countersignature names another key")
    need(any([signed_by(message, header, "receipt", key) for key in keys]), "core", "no pinned key made this countersignature")
    need(type(claims := det(message[2], "core")) is dict, "core", "expected a map")
    parts = [("format", 1), *((n, r[n]) for n in ("serverId", "txId", "state", "time")), ("content", sha(r["content"])),
             ("signedStatement", sha(r["signedStatement"])), ("key", sha(dump(r["key"]))), ("audit", sha(dump(r["audit"])))]
    if "approvals" in r:
        rows = [[one, tx, sha(statement), sha(dump(key))] for one, tx, statement, key in r["approvals"][2]]
        parts.append(("approvals", sha(dump([*r["approvals"][:2], rows]))))
    for n, (part, value) in enumerate(parts, 1):
        need(type(claims.get(n)) is type(value) and claims[n] == value, part, "differs from what the core countersigned")
    need(len(claims) == len(parts), "core", "a member that this version does not have")

def check_content(data):
    """Form, registry and characters. Not judged: the notation of each value, and which scripts stand in one word."""
    def safe(v, most): return (0 < len(v) <= most and unicodedata.normalize("NFC", v) == v and not re.search("^ | $|  ", v)
        and not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in v))
    c = members(data, "content", {1: {1}, 2: str, 3: {*range(1, 9), *range(32, 38)}, 4: list})
    rows = all(type(r) is list and [type(one) for one in r] == [int, str] and r[0] in LABELS and safe(r[1], 140) for r in c[4])
    need(len(data) <= 1600 and len(c[4]) <= 24 and safe(c[2], 20) and rows, "content", "too long, or it cannot be shown")
    return c
def statement_of(data, fido):
    shape = {1: {1}} | dict.fromkeys((2, 3), (bytes, 16, 16)) | dict.fromkeys((4, 5, 6), (bytes, 32, 32))
    shape |= {7: {1, 2}, 8: {0, 1, 2}, 9: {0, 1}, 10: {0, 1, 2}, 11: range(2**32), 12: {1, 2, 3, 4}}
    s = members(data, "signedStatement", shape, optional=(6, 12))
    need((s[7] == 1) == (6 in s) and (s[7] == 2 or 12 not in s), "signedStatement", "decision, proof and reason disagree")
    need(not fido or [s[n] for n in range(7, 12)] == [1, 0, 0, 0, 0], "signedStatement", "says what a FIDO2 key cannot know")
    return s

def check_assertion(data, key_id, public, attestation):
    a = members(data, part := "signedStatement", {1: {1}, 2: (bytes, 16, 16), 3: (bytes, 1, 512), 4: (bytes, 37, 1024),
                                                  5: (bytes, 1, 2048), 6: (bytes, 8, 256)})
    try: pairs = json.loads(a[5].decode("utf-8"), object_pairs_hook=tuple, parse_constant=int) # int("NaN") is refused
    except (ValueError, RecursionError): raise Refused(part, "client data that is not JSON")
    need(type(pairs) is tuple and len(dict(pairs)) == len(pairs), part, "client data that is no object")
    client, auth, flags = dict(pairs), a[4], a[4][32]
    good = [type(client.get(n, False)) for n in ("type", "origin", "challenge", "crossOrigin")] == [str, str, str, bool]
    good = good and not flags & 0x40 and bool(flags & 0x80) == (len(auth) > 37) and (not flags & 0x10 or flags & 8)
    need(good, part, "client data or authenticator data are none")
    key = public_key(public, "key")
    c = members(attestation, "key", {1: {1}, 2: str, 3: (bytes, 1, 1023), 4: (bytes, 1, 8192), 5: (bytes, 1, 2048)})
    need(re.fullmatch(r"[\x21-\x7e]{1,253}", c[2]), "key", "no relying party")
    need(a[2] == key_id, part, "signed by another key than the receipt names")
    rp, crossed = sha(c[2].encode()), client.get("crossOrigin", False) or "topOrigin" in client
    need(sha(b"countersign/fido-key/v1\0", rp, c[3])[:16] == key_id, "key", "the key id is of another credential")
    try: key[0].verify(a[6], auth + sha(a[5]), ec.ECDSA(hashes.SHA256()))
    except Exception: raise Refused(part, "the signature does not hold")
    good = [client["type"], b64(client["challenge"], part), crossed] == ["webauthn.get", sha(b"countersign/fido/v1\0", a[3]), False]
    need(good and auth[:32] == rp and flags & 5 == 5, part, "not an assertion over this statement by a user of this key")
    return statement_of(a[3], True)

def check_approves(r, tx_id, data, key):
    (key_id, public, attestation), part = key, "signedStatement"
    if data[:1] and data[0] & 0xE0 == 0xA0: s = check_assertion(data, key_id, public, attestation)
    else:
        (message, header), point = envelope(data, part), public_key(public, "key")
        need(header[4] == key_id, part, "signed by another key than the receipt names")
        need(signed_by(message, header, "statement", point), part, "the signature does not hold")
        need(not attestation or envelope(attestation, "key")[1][16] == TYPES["attestation"], "key", "no attestation")
        s = statement_of(message[2], False)
    right = [s[7], s[2], s[3], s[5]] == [1, r["serverId"], tx_id, sha(b"countersign/tx/v1\0", r["content"])]
    need(right, part, "no approval of this very content")
def check_approvals(r):
    user, needed, given = r["approvals"]
    columns = zip(*((who, tx_id, *key[:2]) for who, tx_id, _, key in [(user, r["txId"], b"", r["key"]), *given]))
    need(1 <= needed <= len(given), "approvals", "fewer approved than have to")
    need(all(len(set(one)) == len(given) + 1 for one in columns), "approvals", "somebody or something stands in it twice")
    for who, tx_id, statement, key in given:
        try: check_approves(r, tx_id, statement, key)
        except Refused as e: raise Refused("approvals", f"{who}: {e}")

def verify(data, server_id, keys):
    check_core(r := read(data), server_id, keys)
    content = check_content(r["content"])
    check_approves(r, r["txId"], r["signedStatement"], r["key"])
    if "approvals" in r: check_approvals(r)
    head = 5 in r["audit"] and envelope(r["audit"][5], "audit") if r["audit"] != "pending" else False
    need(not head or any([signed_by(*head, "audit-head", key) for key in keys]), "audit", "no pinned key signed this audit head")
    return r, content

def main():
    p = argparse.ArgumentParser(description="Verifies Countersign receipts offline")
    p.add_argument("--server-id", required=True, help="of the core, pinned at set-up")
    p.add_argument("--core-key", action="append", default=[], help="COSE_Key of the core, hexadecimal; repeatable")
    p.add_argument("files", nargs="+")
    given, worst = p.parse_args(), 0
    try:
        server_id, keys = bytes.fromhex(given.server_id), [public_key(bytes.fromhex(one), "key") for one in given.core_key]
        files = {name: open(name, "rb").read(65537) for name in given.files}
    except (OSError, ValueError, Refused) as e: p.error(f"cannot be used: {e}")
    for name, data in files.items():
        try:
            r, content = verify(data, server_id, keys)
            told = {"file": name, "verified": True, "state": r["state"], "time": r["time"], "issuer": content[2],
                    "lines": [{"name": LABELS[label], "value": value} for label, value in content[4]]}
        except Refused as e: told, worst = {"file": name, "verified": False, "part": e.part, "why": str(e)}, 20
        print(json.dumps(told))
    return worst
if __name__ == "__main__": sys.exit(main())
