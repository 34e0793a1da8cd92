export { TELEGRAM_PACE, TelegramChannel } from "./telegram-channel.ts";
