"""The user's phone in tests of the Matrix bot: matrix-nio, which does its cryptography in libolm.

Started by matrix-phone.ts with a JSON object on the first line of standard input: url, user (@name:server), password,
folder (kept over restarts: device, keys, sync token). Then each line asks for something: {"id", "do", ...}, answered by
{"reply": id, ...}. Between the answers it tells what it sees, one JSON object a line.
"""

import asyncio
import json
import logging
import os
import sys
import uuid

import nio

logging.getLogger("nio").setLevel(logging.CRITICAL)


def tell(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Phone:
    def __init__(self, given):
        self.given = given
        self.joins = True
        os.makedirs(given["folder"], mode=0o700, exist_ok=True)
        config = nio.AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True, max_limit_exceeded=5)
        self.client = nio.AsyncClient(given["url"], given["user"], store_path=given["folder"], config=config)
        # Room messages that could not be decrypted yet, by event id.
        self.unread = {}

    async def login(self):
        path = os.path.join(self.given["folder"], "device.json")
        if os.path.exists(path):
            with open(path) as file:
                kept = json.load(file)
            self.client.restore_login(self.given["user"], kept["device"], kept["token"])
        else:
            answer = await self.client.login(self.given["password"], device_name="phone")
            if not isinstance(answer, nio.LoginResponse):
                raise RuntimeError("login refused: %s" % answer)
            with open(path, "w") as file:
                json.dump({"device": self.client.device_id, "token": self.client.access_token}, file)
        if self.client.should_upload_keys:
            await self.client.keys_upload()
        tell(tells="ready", device=self.client.device_id, token=self.client.access_token)

    async def turn(self):
        filter = {"room": {"timeline": {"limit": 200}}}
        answer = await self.client.sync(timeout=20000, sync_filter=filter)
        if not isinstance(answer, nio.SyncResponse):
            await asyncio.sleep(0.2)
            return
        if self.client.should_upload_keys:
            await self.client.keys_upload()
        if self.client.should_query_keys:
            await self.client.keys_query()
        if self.client.should_claim_keys:
            await self.client.keys_claim(self.client.get_users_for_key_claiming())
        await self.client.send_to_device_messages()
        for room_id in list(self.client.invited_rooms):
            tell(tells="invited", room=room_id)
            if self.joins:
                await self.client.join(room_id)
        for room_id, info in answer.rooms.join.items():
            for event in info.timeline.events:
                self.saw(room_id, event)
        for room_id in answer.rooms.leave:
            tell(tells="left", room=room_id)
        self.look_again()
        tell(tells="synced")

    def saw(self, room_id, event):
        if isinstance(event, nio.MegolmEvent):
            self.unread[event.event_id] = (room_id, event)
            tell(tells="undecryptable", room=room_id, event=event.event_id, sender=event.sender, ts=event.server_timestamp)
        elif isinstance(event, nio.RedactionEvent):
            tell(tells="redaction", room=room_id, event=event.redacts, sender=event.sender)
        elif isinstance(event, (nio.RoomMemberEvent,)):
            tell(tells="member", room=room_id, user=event.state_key, membership=event.membership)
        elif isinstance(event, nio.RedactedEvent):
            tell(tells="redaction", room=room_id, event=event.event_id, sender=event.sender)
        elif event.source.get("type") == "test.mark":
            tell(tells="mark", event=event.event_id)
        elif event.source.get("type") == "m.room.message":
            self.tell_message(room_id, event, event.decrypted)

    def tell_message(self, room_id, event, encrypted):
        content = event.source.get("content", {})
        tell(
            tells="message",
            room=room_id,
            event=event.event_id,
            sender=event.sender,
            ts=event.server_timestamp,
            encrypted=encrypted,
            body=content.get("body", ""),
            formatted=content.get("formatted_body", ""),
            msgtype=content.get("msgtype", ""),
            content=content,
        )

    def look_again(self):
        for event_id, (room_id, event) in list(self.unread.items()):
            try:
                clear = self.client.decrypt_event(event)
            except nio.EncryptionError:
                continue
            if isinstance(clear, nio.MegolmEvent):
                continue
            del self.unread[event_id]
            if clear.source.get("type") == "m.room.message":
                self.tell_message(room_id, clear, True)

    async def sync_forever(self):
        while True:
            try:
                await self.turn()
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(0.2)
            except Exception as error:  # aiohttp's own
                if type(error).__module__.split(".")[0] != "aiohttp":
                    raise
                await asyncio.sleep(0.2)

    async def do(self, asked):
        action = getattr(self, "do_" + asked["do"])
        return await action(asked)

    async def do_room(self, asked):
        state = list(asked.get("state", []))
        if asked.get("encrypted", True):
            state.append(nio.EnableEncryptionBuilder().as_dict())
        answer = await self.client.room_create(
            is_direct=asked.get("direct", True),
            invite=asked["invite"],
            preset=nio.RoomPreset.trusted_private_chat if asked.get("trusted", True) else nio.RoomPreset.private_chat,
            initial_state=state,
        )
        return {"room": checked(answer).room_id}

    async def do_invite(self, asked):
        checked(await self.client.room_invite(asked["room"], asked["user"]))
        return {}

    async def do_join(self, asked):
        checked(await self.client.join(asked["room"]))
        return {}

    async def do_leave(self, asked):
        checked(await self.client.room_leave(asked["room"]))
        return {}

    async def do_kick(self, asked):
        checked(await self.client.room_kick(asked["room"], asked["user"]))
        return {}

    async def know_devices(self, room):
        """A message sent before the devices of the others are known is lost to them."""
        me = self.client.user_id
        for _ in range(2400):
            if self.client.should_query_keys:
                await self.client.keys_query()
            others = [user for user in self.client.rooms[room].users if user != me]
            unknown = [user for user in others if not list(self.client.device_store.active_user_devices(user))]
            if others and not unknown:
                return
            self.client.olm.users_for_key_query.update(unknown)
            await asyncio.sleep(0.05)

    async def do_send(self, asked):
        """Encrypted, to everyone whose keys are known."""
        room, content = asked["room"], asked["content"]
        for _ in range(2400):
            known = self.client.rooms.get(room)
            if known is not None and known.encrypted:
                break
            await asyncio.sleep(0.05)
        await self.know_devices(room)
        kind = asked.get("type", "m.room.message")
        answer = await self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        return {"event": checked(answer).event_id}

    async def do_plain(self, asked):
        """In the clear, whatever the room asks for."""
        method, path, data = nio.Api.room_send(
            self.client.access_token, asked["room"], asked.get("type", "m.room.message"), asked["content"], uuid.uuid4()
        )
        answer = await self.client._send(nio.RoomSendResponse, method, path, data, (asked["room"],))
        return {"event": checked(answer).event_id}

    async def do_redact(self, asked):
        checked(await self.client.room_redact(asked["room"], asked["event"]))
        return {}

    async def do_joins(self, asked):
        """Whether invitations are accepted from now on."""
        self.joins = asked["value"]
        return {}


def checked(answer):
    if isinstance(answer, nio.ErrorResponse):
        raise RuntimeError("%s" % answer)
    return answer


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    phone = Phone(json.loads(await reader.readline()))
    await phone.login()
    syncing = asyncio.ensure_future(phone.sync_forever())
    syncing.add_done_callback(lambda task: sys.exit(70) if not task.cancelled() and task.exception() else None)

    async def answer(asked):
        try:
            tell(reply=asked["id"], **(await phone.do(asked)))
        except Exception as error:
            tell(reply=asked["id"], error="%s: %s" % (type(error).__name__, error))

    pending = set()
    while True:
        line = await reader.readline()
        if not line:
            break
        task = asyncio.ensure_future(answer(json.loads(line)))
        pending.add(task)
        task.add_done_callback(pending.discard)
    if pending:
        await asyncio.wait(pending)
    syncing.cancel()
    await phone.client.close()


asyncio.run(main())
