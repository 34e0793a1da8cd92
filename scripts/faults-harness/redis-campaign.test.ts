// A slice of `scripts/faults redis`.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { hasRedis } from "../../core/server/src/store/redis/testing/redis-server.ts";
import { redisCampaign } from "./redis-campaign.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const folder = tempFolder();
/** Many processes, each of which takes its time on a busy machine. */
const PATIENCE_MS = 600_000;
const peerTest = testWith("redis", hasRedis);

peerTest(
  "masters that die under payments: nothing acknowledged is lost, nothing is carried out twice",
  async () => {
    const { faults, double, failovers, servingAgainMs } = await redisCampaign(folder, {
      failovers: 2,
      people: 8,
      troubles: false,
    });
    expect(faults).toEqual([]);
    expect([failovers, double, servingAgainMs.length]).toEqual([2, 0, 2]);
  },
  PATIENCE_MS,
);

test("a cable passes bytes on, is cut, and leads elsewhere", async () => {
  const servers = await Promise.all(["first", "second"].map(greeter));
  const proxy = await TcpProxy.start(servers[0]!.port);
  const client = connect(proxy.port, "127.0.0.1");
  expect(String((await once(client, "data"))[0])).toBe("first");
  proxy.turnTo(servers[1]!.port);
  await once(client, "close");
  const again = connect(proxy.port, "127.0.0.1");
  expect(String((await once(again, "data"))[0])).toBe("second");
  proxy.silence();
  proxy.turnTo(servers[0]!.port);
  await once(again, "close");
  await proxy.stop();
  for (const server of servers) await server.close();
});

async function greeter(greeting: string): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((socket) => socket.on("error", () => {}).write(greeting));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, close };
}
