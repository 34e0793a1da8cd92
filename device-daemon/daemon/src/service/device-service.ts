import type { DeviceServiceServer } from "@countersign/proto/node/device/v1/device_service";
import type { Logger } from "pino";
import type { KeyRegistry } from "../key/key-registry.ts";
import { noPrompt } from "../prompt/no-prompt.ts";
import type { Prompt } from "../prompt/prompt.ts";
import { enrol, setPin } from "./enrol.ts";
import type { Given } from "./given.ts";
import { streaming, unary } from "./handlers.ts";
import { answer, cancel, listKeys, verifyUser, watchKeys } from "./keys.ts";
import { OpenSigns } from "./open-signs.ts";
import { reset } from "./reset.ts";
import { sign } from "./sign.ts";
import { UserSessions } from "./user-sessions.ts";

/** Longest time of each RPC, in milliseconds, whatever deadline the client named. */
const LONGEST = { quick: 5_000, verify: 180_000, enrol: 310_000, watch: 3_600_000, signBeyondExpiry: 10_000 } as const;

/** The RPCs of countersign.device.v1.DeviceService. */
export function deviceService(registry: KeyRegistry, log: Logger, prompt: Prompt = noPrompt): DeviceServiceServer {
  const given: Given = {
    log,
    registry,
    sessions: new UserSessions(),
    signs: new OpenSigns(),
    prompt,
  };
  return {
    listKeys: unary(log, "ListKeys", LONGEST.quick, async () => listKeys(given)),
    watchKeys: streaming(
      log,
      "WatchKeys",
      () => LONGEST.watch,
      (_request, caller, send) => watchKeys(given, caller, send),
    ),
    verifyUser: unary(log, "VerifyUser", LONGEST.verify, (request, caller) => verifyUser(given, request, caller)),
    sign: streaming(
      log,
      "Sign",
      (request) => Math.min(request.expiresInS, 600) * 1000 + LONGEST.signBeyondExpiry,
      (request, caller, send) => sign(given, request, caller, send),
    ),
    enrol: streaming(
      log,
      "Enrol",
      () => LONGEST.enrol,
      (request, caller, send) => enrol(given, request, caller, send),
    ),
    setPin: streaming(
      log,
      "SetPin",
      () => LONGEST.enrol,
      (request, caller, send) => setPin(given, request, caller, send),
    ),
    reset: streaming(
      log,
      "Reset",
      () => LONGEST.enrol,
      (request, caller, send) => reset(given, request, caller, send),
    ),
    answer: unary(log, "Answer", LONGEST.quick, (request, caller) => answer(given, request, caller)),
    cancel: unary(log, "Cancel", LONGEST.quick, async (request, caller) => cancel(given, request, caller)),
  };
}
