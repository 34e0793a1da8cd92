import { expect, test } from "@jest/globals";
import { networkOf } from "./network.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::1", "0:0:0:0"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:db8:0:7:aaaa::1", "2001:db8:0:7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001::3:4:5:6:7:8", "2001:0:3:4"],
  ["fe80::1%eth0", "fe80:0:0:0"],
])("%s is of %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("what is no address is somebody, too", () => {
  expect(networkOf("")).toBe("0:0:0:0");
  expect(networkOf("unknown")).toBe("unknown:0:0:0");
});
