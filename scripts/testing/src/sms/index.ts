export { kannelPresent, startKannel, type Kannel } from "./kannel.ts";
export { smscPresent, startPeerSmsc, type PeerSmsc, type Submit } from "./smsc.ts";
