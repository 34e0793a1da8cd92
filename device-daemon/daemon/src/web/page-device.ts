import type { ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  DeviceServiceServer,
  EnrolRequest,
  EnrolResponse,
  SignRequest,
  SignResponse,
} from "@countersign/proto/node/device/v1/device_service";
import { Failure } from "../service/failure.ts";
import { isForPage } from "./page-relying-party.ts";

/**
 * DeviceService as pages have it. The requester is the page's origin, whatever the page says of itself, and a FIDO2 key
 * signs for no relying party that the page could not name to its browser. A page cannot reset a key.
 */
export function pageDevice(device: DeviceServiceServer): UntypedServiceImplementation {
  const { reset: _reset, ...rest } = device;
  return {
    ...rest,
    sign: (call: ServerWritableStream<SignRequest, SignResponse>) => {
      if (refuseParty(call, call.request.fidoCredentials.length > 0 ? call.request.rpId : "")) return;
      call.request = { ...call.request, requester: `page ${originIn(call)}` };
      device.sign(call);
    },
    enrol: (call: ServerWritableStream<EnrolRequest, EnrolResponse>) => {
      if (!refuseParty(call, call.request.fido?.rpId ?? "")) device.enrol(call);
    },
  };
}

type Call = ServerWritableStream<SignRequest, SignResponse> | ServerWritableStream<EnrolRequest, EnrolResponse>;

function refuseParty(call: Call, rpId: string): boolean {
  if (rpId === "" || isForPage(originIn(call), rpId)) return false;
  const words = "rp_id must be the page's own host, a domain above it, or that of a countersign server";
  call.emit("error", new Failure("BAD_REQUEST", words, { field: "rp_id" }));
  return true;
}

// Set by the browser, and found on the list before the call came here.
function originIn(call: Call): string {
  return String(call.metadata.get("origin")[0]);
}
