import { SignRequest } from "@countersign/proto/node/device/v1/device_service";
import { DeviceClient } from "./device-client.ts";

// A client in a process of its own, so that a test can kill it: asks for one Sign and waits.
const [address = "", request = ""] = process.argv.slice(2);
new DeviceClient(address).startSign(SignRequest.decode(Buffer.from(request, "hex"))).on("error", () => process.exit(1));
console.log(JSON.stringify({ ready: true }));
