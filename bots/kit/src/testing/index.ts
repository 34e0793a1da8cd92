export {
  AnswerType,
  CommandType,
  Fate,
  NoticeType,
  Phase,
  type Deliver,
} from "@countersign/proto/node/channel/v1/channel_service";
export { Kind, Label, Mode, RejectReason, State } from "@countersign/proto/node/core/v1/content";
export { timestampOf } from "../message/timestamp.ts";
export { everyMessage, occurrences, type EveryMessage } from "./every-message.ts";
export { FakeCore, type Report, type UserEvent } from "./fake-core.ts";
export { ManualTimer, settled } from "./manual-timer.ts";
export {
  testChannelContract,
  type ChannelUnderTest,
  type ProviderTraits,
  type SeenMessage,
} from "./channel-contract.ts";
export { SAMPLE_CODE, SAMPLE_LINES, sampleDeliver, sampleNotice } from "./sample.ts";
export { sampleOutgoing } from "./sample-outgoing.ts";
