import { randomUUID } from "node:crypto";
import { enrolOnKey } from "../scenarios/enrolment.ts";
import type { Scene } from "../scenarios/scene.ts";
import { type Reachable } from "./channel-scene.ts";

/** A new user with a credential on the scene's key and no chat; his phones are there all the same. */
export async function unlinkedUser(scene: Scene): Promise<Reachable> {
  const { userId, chatId } = scene.newcomer();
  const { users, keys } = scene.parts;
  await users.create({ requestId: randomUUID(), userId, phrase: "blue teapot", locale: "en" });
  const { serial } = scene.desk;
  const begun = await keys.beginEnrolment({ requestId: randomUUID(), userId, serial, digits: false });
  const desk = { ...scene.desk, userId, phoneUrl: scene.installation.phoneOf(chatId) };
  const { signedEnrolment } = await enrolOnKey(scene.parts, desk, begun);
  await keys.finishEnrolment({ enrolmentToken: begun.enrolmentToken, signedEnrolment });
  return { ...scene.meet(desk), chatId };
}

/** Ids of the chats that are linked to a user, in his order. */
export async function linkedChats(scene: Scene, { desk: { userId } }: Reachable): Promise<string[]> {
  return (await scene.parts.links.list({ userId })).channels.map(({ peerId }) => peerId);
}
