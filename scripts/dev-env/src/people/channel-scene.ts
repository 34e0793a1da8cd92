import { testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import type { ChannelName } from "../chat/chat-service.ts";
import { anotherUser } from "../desk.ts";
import type { InstallationOptions } from "../installation.ts";
import { Scene, type Somebody } from "../scenarios/scene.ts";

const matrixPresent = synapsePresent && matrixPhonePresent;

/** `test` where a Matrix homeserver and phone are installed, else a skip that says what is missing. */
export const peerTest: ReturnType<typeof testWith> = testWith("Synapse with matrix-nio", matrixPresent);

/** Every channel that can run here, in the order in which they are offered. */
export const CHANNELS: readonly ChannelName[] = [
  "telegram",
  ...(matrixPresent ? (["matrix"] as const) : []),
  ...(["mail", "sms"] as const),
];

/** Somebody with the chat id that his phones have on every channel. */
export type Reachable = Somebody & { readonly chatId: string };

/** A scene whose installation runs every channel at once, or those that are named. */
export function openChannelScene(options: InstallationOptions): Promise<Scene> {
  return Scene.open({ channels: CHANNELS, ...options });
}

/** A new user of the scene's desk who is linked over these channels in this order; the first is the phone he looks at. */
export async function userOn(scene: Scene, ...channels: ChannelName[]): Promise<Reachable> {
  const newcomer = scene.newcomer();
  const desk = await anotherUser(scene.installation, scene.desk, { ...newcomer, channels });
  return { ...scene.meet(desk), chatId: newcomer.chatId };
}
