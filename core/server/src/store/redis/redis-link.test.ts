import { once } from "node:events";
import { expect, test } from "@jest/globals";
import { LinkError, withDeadline } from "./redis-link.ts";
import { socketPair, standStill } from "./testing/socket-pair.ts";

test("an answer that came while the process stood still has come in time", async () => {
  const { near, far, close } = await socketPair();
  const answer = withDeadline(10, "a question", once(near, "data"));
  far.write("answer");
  standStill(50);
  expect(String(await answer)).toBe("answer");
  close();
});

test("no answer ends at its deadline, and says so", async () => {
  const asked = withDeadline(10, "a question", new Promise(() => {}));
  await expect(asked).rejects.toBeInstanceOf(LinkError);
  await expect(asked).rejects.toMatchObject({ failure: "deadline" });
});
