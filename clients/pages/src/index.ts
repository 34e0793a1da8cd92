// What our web pages share: words, what is heard, keys, receipts. clients/console and clients/web are made of it.
export { LOCALES, type Locale } from "./i18n/locale.ts";
export { formatClock, formatDistance, formatMoment, type Moment, momentOf, msOf } from "./i18n/time.ts";
export { choose, findWords, type LoadSources, locale, speakChosen, t } from "./i18n/words.ts";
export { isAskedHere } from "./key/asked-here.ts";
export { CodeForm } from "./key/code-form.tsx";
export { Countdown } from "./key/countdown.tsx";
export { daemonPort, pairing, setDaemonPort } from "./key/daemon-place.ts";
export { DaemonPort } from "./key/daemon-port.tsx";
export { PairDaemon } from "./key/pair-daemon.tsx";
export { type PinnedHex, readReceipt, type ReadReceipt } from "./receipt/read-receipt.ts";
export { ReceiptPanel } from "./receipt/receipt-panel.tsx";
export { FileDrop } from "./ui/file-drop.tsx";
export { LanguageChooser } from "./ui/language-chooser.tsx";
export { Lines } from "./ui/lines.tsx";
export { announce, LiveRegion } from "./ui/live-region.tsx";
export { saveFile } from "./ui/save-file.ts";
