"""The request contract of lo-bot-api-emulator 0.3.6 as a judge of what a bot sends, on a free port of loopback.

It speaks for another product's Bot API, which lacks three parameters of Telegram's: these are added to its contract, and
a name to getMe. Everything else is its own judgement. Prints one JSON line when it listens.

GET /accepted answers every call that was accepted, with its parameters.
"""

import json
import socket

import lo_bot_api_emulator
from aiohttp import web
from lo_bot_api_emulator import CONTRACT, LoBotApiEmulator

CONTRACT["methods"]["sendMessage"]["parameters"] += ["protect_content", "link_preview_options"]
CONTRACT["methods"]["editMessageText"]["parameters"] += ["link_preview_options"]


class Judge(LoBotApiEmulator):
    def __init__(self):
        super().__init__(enable_control=True, allow_insecure_loopback_webhooks=True)
        self.accepted = []

    def validate(self, method, fields, uploads):
        result = super().validate(method, fields, uploads)
        if method != "getUpdates":
            self.accepted.append({"method": method, "params": fields})
        return {**result, "username": "contract_test_bot"} if method == "getMe" else result

    async def tell(self, _request):
        return web.json_response(self.accepted)


judge = Judge()
app = judge.app()
app.router.add_get("/accepted", judge.tell)
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
# Before the line below is printed: who reads it connects at once.
listening.listen()
origin = f"http://127.0.0.1:{listening.getsockname()[1]}/"


async def say_ready(_app):
    print(json.dumps({"ready": True, "apiRoot": origin}), flush=True)


app.on_startup.append(say_ready)
web.run_app(app, sock=listening, print=None, access_log=None, handle_signals=True)
