/** Languages of the printed page. */
export const LANGUAGES = ["en", "de", "zh", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The page's own words. What was confirmed is never among them. */
export interface Words {
  readonly receipt: string;
  readonly state: Readonly<
    Record<"CONFIRMED" | "EXECUTING" | "EXECUTED" | "EXECUTION_FAILED" | "EXECUTION_UNKNOWN", string>
  >;
  readonly issuer: string;
  readonly time: string;
  readonly what: string;
  readonly who: string;
  readonly askedBy: string;
  readonly signer: string;
  readonly approvedBy: string;
  readonly key: string;
  readonly transaction: string;
  readonly digest: string;
  readonly core: string;
  readonly audit: string;
  readonly auditPending: string;
  readonly weaker: string;
  readonly copied: string;
  readonly checked: string;
  readonly holds: string;
  readonly again: string;
  readonly paper: string;
  readonly fileDigest: string;
  readonly qr: string;
}

const en: Words = {
  receipt: "Receipt",
  state: {
    CONFIRMED: "Confirmed; not carried out when this was written",
    EXECUTING: "Confirmed; being carried out when this was written",
    EXECUTED: "Confirmed and executed",
    EXECUTION_FAILED: "Confirmed, and it could not be carried out",
    EXECUTION_UNKNOWN: "Confirmed; whether it was carried out was being found out. Do not repeat it",
  },
  issuer: "Asked by the service",
  time: "Written (UTC)",
  what: "What was confirmed",
  who: "Who confirmed",
  askedBy: "Asked and signed by",
  signer: "Signed by the user's key",
  approvedBy: "Approved by",
  key: "key",
  transaction: "Transaction",
  digest: "Digest of what was signed",
  core: "Server",
  audit: "Place in the audit",
  auditPending: "not yet told",
  weaker: "Weaker: the code was typed on the PC and the key showed nothing (FIDO2)",
  copied: "with a credential that may be copied to other devices",
  checked: "Verified (UTC)",
  holds: "The file holds against the server's key that was pinned at set-up.",
  again: "Verify it again",
  paper:
    "This page proves nothing by itself: anybody can print one. The file proves it, and is the right one if its SHA-256 is this:",
  fileDigest: "SHA-256 of the file",
  qr: "Name and SHA-256 of the receipt file",
};

const de: Words = {
  receipt: "Beleg",
  state: {
    CONFIRMED: "Bestätigt; noch nicht ausgeführt, als dies geschrieben wurde",
    EXECUTING: "Bestätigt; in Ausführung, als dies geschrieben wurde",
    EXECUTED: "Bestätigt und ausgeführt",
    EXECUTION_FAILED: "Bestätigt, konnte aber nicht ausgeführt werden",
    EXECUTION_UNKNOWN: "Bestätigt; ob es ausgeführt wurde, wurde noch geprüft. Nicht wiederholen",
  },
  issuer: "Dienst, der fragte",
  time: "Geschrieben (UTC)",
  what: "Was bestätigt wurde",
  who: "Wer bestätigt hat",
  askedBy: "Beauftragt und unterschrieben von",
  signer: "Unterschrieben vom Schlüssel des Benutzers",
  approvedBy: "Genehmigt von",
  key: "Schlüssel",
  transaction: "Vorgang",
  digest: "Prüfsumme des Unterschriebenen",
  core: "Server",
  audit: "Platz im Protokoll",
  auditPending: "noch nicht genannt",
  weaker: "Schwächer: Der Code wurde am PC getippt, und der Schlüssel zeigte nichts (FIDO2)",
  copied: "mit einem Nachweis, der auf andere Geräte kopiert werden kann",
  checked: "Geprüft (UTC)",
  holds: "Die Datei hält gegen den Schlüssel des Servers, der bei der Einrichtung festgelegt wurde.",
  again: "Noch einmal prüfen",
  paper:
    "Diese Seite beweist allein nichts: Drucken kann sie jeder. Die Datei beweist es; sie ist die richtige, wenn ihr SHA-256 dieser ist:",
  fileDigest: "SHA-256 der Datei",
  qr: "Name und SHA-256 der Belegdatei",
};

const zh: Words = {
  receipt: "回执",
  state: {
    CONFIRMED: "已确认；出具时尚未执行",
    EXECUTING: "已确认；出具时正在执行",
    EXECUTED: "已确认并已执行",
    EXECUTION_FAILED: "已确认，但未能执行",
    EXECUTION_UNKNOWN: "已确认；是否已执行当时仍在核实。请勿重复",
  },
  issuer: "请求方",
  time: "出具时间 (UTC)",
  what: "确认的内容",
  who: "确认人",
  askedBy: "发起并签署",
  signer: "由用户的密钥签署",
  approvedBy: "批准",
  key: "密钥",
  transaction: "交易编号",
  digest: "所签内容的摘要",
  core: "服务器",
  audit: "审计记录位置",
  auditPending: "尚未给出",
  weaker: "较弱：验证码在电脑上输入，密钥没有显示内容 (FIDO2)",
  copied: "其凭据可能被复制到其他设备",
  checked: "验证时间 (UTC)",
  holds: "该文件与初始设置时固定的服务器密钥相符。",
  again: "再次验证",
  paper: "本页本身不能证明任何事：任何人都可以打印。能证明的是回执文件；其 SHA-256 与下列一致时即为原件：",
  fileDigest: "文件的 SHA-256",
  qr: "回执文件的名称和 SHA-256",
};

const ar: Words = {
  receipt: "إيصال",
  state: {
    CONFIRMED: "تم التأكيد؛ ولم يكن قد نُفّذ عند كتابة هذا",
    EXECUTING: "تم التأكيد؛ وكان قيد التنفيذ عند كتابة هذا",
    EXECUTED: "تم التأكيد والتنفيذ",
    EXECUTION_FAILED: "تم التأكيد، لكن تعذر التنفيذ",
    EXECUTION_UNKNOWN: "تم التأكيد؛ وكان التحقق من التنفيذ جاريًا. لا تكرره",
  },
  issuer: "الخدمة الطالبة",
  time: "كُتب في (UTC)",
  what: "ما تم تأكيده",
  who: "من أكد",
  askedBy: "طلبه ووقّعه",
  signer: "وقّعه مفتاح المستخدم",
  approvedBy: "وافق عليه",
  key: "المفتاح",
  transaction: "المعاملة",
  digest: "بصمة ما تم توقيعه",
  core: "الخادم",
  audit: "الموضع في سجل التدقيق",
  auditPending: "لم يُذكر بعد",
  weaker: "أضعف: كُتب الرمز على الحاسوب ولم يعرض المفتاح شيئًا (FIDO2)",
  copied: "باعتماد قد يُنسخ إلى أجهزة أخرى",
  checked: "تم التحقق في (UTC)",
  holds: "يطابق الملف مفتاح الخادم المثبّت عند الإعداد.",
  again: "تحقق من جديد",
  paper:
    "هذه الصفحة وحدها لا تثبت شيئًا: يمكن لأي شخص طباعتها. الملف هو الذي يثبت، وهو الصحيح إذا كانت بصمته SHA-256 هي:",
  fileDigest: "SHA-256 للملف",
  qr: "اسم ملف الإيصال وبصمته SHA-256",
};

export const WORDS: Readonly<Record<Language, Words>> = { en, de, zh, ar };
