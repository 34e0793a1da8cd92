import { User as UserMessage, UserState } from "@countersign/proto/node/core/v1/user_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { User } from "./user.ts";

/** A user as apps and administrators see him. */
export function userMessage(user: User): UserMessage {
  const { userId, locale, createdAt, state } = user;
  return UserMessage.create({ userId, locale, state: UserState[state], createdAt: timestampOf(createdAt) });
}
