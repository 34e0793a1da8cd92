import { expect, test } from "@jest/globals";
import { isLoopback, targetOf } from "./core-address.ts";

const asGiven = (addresses: readonly string[]): readonly string[] => addresses;

test.each([
  ["core.example.org:443", "core.example.org:443"],
  ["127.0.0.1:1,127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2"],
  ["[::1]:1,[::1]:2", "ipv6:[::1]:1,[::1]:2"],
])("%s is reached as %s", (address, target) => {
  expect(targetOf(address, asGiven)).toBe(target);
});

test("clients spread: every order has every core", () => {
  const cores = ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"];
  for (let i = 0; i < 20; i += 1) {
    expect(targetOf(cores.join(",")).replace("ipv4:", "").split(",").toSorted()).toEqual(cores);
  }
});

test.each([
  "a.example:1,b.example:1",
  "127.0.0.1:1,[::1]:1",
  "127.0.0.1:1,127.0.0.1",
  "127.0.0.1:1,",
  "localhost:1,localhost:2",
])("%s is refused", (address) => {
  expect(() => targetOf(address)).toThrow("several cores are IP addresses of one family");
});

test("a list stays on this machine when each of it does", () => {
  expect([isLoopback("127.0.0.1:1,127.0.0.2:1"), isLoopback("127.0.0.1:1,10.0.0.1:1"), isLoopback("")]).toEqual([
    true,
    false,
    false,
  ]);
});
