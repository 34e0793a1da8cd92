import { expect, test } from "@jest/globals";
import { pinAddress } from "./address-guard.ts";

const none = { names: [], flag: "--some-allow" };

test.each([
  ...["10.0.0.1", "127.0.0.1", "169.254.169.254", "172.31.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1"],
  ...[
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "ff02::1",
  ],
])("%s is not public", async (address) => {
  const resolve = async () => [
    { address: "8.8.8.8", family: 4 },
    { address, family: 6 },
  ];
  await expect(pinAddress("name.example", none, resolve)).rejects.toThrow("is not a public address");
  const host = address.includes(":") ? `[${address}]` : address;
  await expect(pinAddress(host, none)).rejects.toThrow("is not a public address");
  expect(await pinAddress(host, { ...none, names: [address] })).toMatchObject({ address });
});

test.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111"])("%s is", async (address) => {
  expect(await pinAddress("name.example", none, async () => [{ address, family: 4 }])).toMatchObject({ address });
  await expect(pinAddress("name.example", none, async () => [])).rejects.toThrow("has no address");
});
