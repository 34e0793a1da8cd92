import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { LinkError, withDeadline } from "./redis-link.ts";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Both ends of a connection. */
async function connected(): Promise<readonly [client: Socket, server: Socket]> {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const client = connect((listening.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listening, "connection")) as [Socket];
  ends.push(() => (client.destroy(), server.destroy(), listening.close()));
  return [client, server];
}

test("an answer that came while the process stood still has come in time", async () => {
  const [client, server] = await connected();
  const answer = withDeadline(10, "a question", once(client, "data"));
  server.write("answer");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  expect(String(await answer)).toBe("answer");
});

test("no answer ends at its deadline, and says so", async () => {
  const asked = withDeadline(10, "a question", new Promise(() => {}));
  await expect(asked).rejects.toBeInstanceOf(LinkError);
  await expect(asked).rejects.toMatchObject({ failure: "deadline" });
});
