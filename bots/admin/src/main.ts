export const NAME = "countersign-bot-admin";
