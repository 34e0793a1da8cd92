import { checked, container, harmless, many, shown, type ContainerRule, type ElementRule } from "./element-rule.ts";
import { anyText, bic, code, count, date, dateTime, decimal, iban, oneOf, textUpTo } from "./value-rule.ts";

/** The versions this reader takes. */
export type PainVersion = "pain.001.001.03" | "pain.001.001.09";
export const PAIN_VERSIONS: readonly PainVersion[] = ["pain.001.001.03", "pain.001.001.09"];

const ADDRESS_LEAVES = [
  ...["Dept", "SubDept", "StrtNm", "BldgNb", "BldgNm", "Flr", "PstBx", "Room", "PstCd", "TwnNm", "TwnLctnNm"],
  ...["DstrctNm", "CtrySubDvsn", "Ctry"],
];

/**
 * Every element that may stand in a file, by version. What is not here is refused (refused-element.ts says why for the
 * well-known ones). Elements of one version never pass in the other.
 */
export function allowList(version: PainVersion): ContainerRule {
  const old = version === "pain.001.001.03";
  return container({ CstmrCdtTrfInitn: initiation(old) }, ["CstmrCdtTrfInitn"]);
}

function initiation(old: boolean): ContainerRule {
  return container(
    {
      GrpHdr: container(
        {
          MsgId: harmless("names the file in the bank's answers", textUpTo(35)),
          CreDtTm: harmless("when the file was written", dateTime),
          NbOfTxs: checked(count),
          CtrlSum: checked(decimal),
          InitgPty: initiator(old),
        },
        ["MsgId", "CreDtTm"],
      ),
      PmtInf: many(paymentInformation(old)),
    },
    ["GrpHdr", "PmtInf"],
  );
}

function paymentInformation(old: boolean): ContainerRule {
  return container(
    {
      PmtInfId: harmless("names the group in the bank's answers", textUpTo(35)),
      PmtMtd: checked(oneOf(["TRF"], "only credit transfers (TRF) are taken")),
      BtchBookg: harmless(
        "one or several entries on the payer's own statement",
        oneOf(["true", "false", "1", "0"], "true or false"),
      ),
      NbOfTxs: checked(count),
      CtrlSum: checked(decimal),
      PmtTpInf: paymentType(),
      ReqdExctnDt: old ? shown(date) : container({ Dt: shown(date) }, ["Dt"]),
      Dbtr: debtor(old),
      DbtrAcct: debtorAccount(),
      DbtrAgt: container({ FinInstnId: debtorBank(old) }, ["FinInstnId"]),
      ChrgBr: chargeBearer(),
      CdtTrfTxInf: many(creditTransfer(old)),
    },
    ["PmtMtd", "ReqdExctnDt", "DbtrAcct", "CdtTrfTxInf"],
  );
}

function creditTransfer(old: boolean): ContainerRule {
  const names = "names the payment in the bank's answers and to the payee";
  const uuid = { UETR: harmless(names, textUpTo(36)) };
  return container(
    {
      PmtId: container({
        InstrId: harmless(names, textUpTo(35)),
        EndToEndId: harmless(names, textUpTo(35)),
        ...(old ? {} : uuid),
      }),
      PmtTpInf: paymentType(),
      Amt: container({ InstdAmt: shown(decimal, ["Ccy"]) }, ["InstdAmt"]),
      ChrgBr: chargeBearer(),
      CdtrAgt: container({ FinInstnId: creditorBank(old) }, ["FinInstnId"]),
      Cdtr: container(
        {
          Nm: shown(textUpTo(140)),
          PstlAdr: postalAddress("where the payee lives; shown when the order names no account"),
        },
        ["Nm"],
      ),
      CdtrAcct: creditorAccount(),
      Purp: container({ Cd: shown(code) }, ["Cd"]),
      RmtInf: container({
        Ustrd: many(shown(textUpTo(140))),
        Strd: many(container({ CdtrRefInf: creditorReference() }, ["CdtrRefInf"])),
      }),
    },
    ["Amt", "Cdtr"],
  );
}

function paymentType(): ContainerRule {
  return container({
    InstrPrty: shown(oneOf(["NORM", "HIGH"], "NORM or HIGH")),
    SvcLvl: container({ Cd: shown(code) }, ["Cd"]),
    LclInstrm: container({ Cd: shown(textUpTo(35)) }, ["Cd"]),
    CtgyPurp: container({ Cd: shown(code) }, ["Cd"]),
  });
}

function chargeBearer(): ElementRule {
  return checked(
    oneOf(["SLEV", "SHAR"], "it moves all fees to one side and no line shows it; use SLEV or SHAR, or leave it out"),
  );
}

function creditorReference(): ContainerRule {
  return container(
    {
      Tp: container({ CdOrPrtry: container({ Cd: checked(oneOf(["SCOR"], "only SCOR is taken")) }, ["Cd"]) }, [
        "CdOrPrtry",
      ]),
      Ref: shown(textUpTo(35)),
    },
    ["Ref"],
  );
}

function debtorAccount(): ContainerRule {
  const named = "the account holder's own name for the account";
  return container({ Id: accountId(), Ccy: checked(code), Nm: harmless(named, anyText) }, ["Id"]);
}

function creditorAccount(): ContainerRule {
  return container({ Id: accountId(), Ccy: checked(code), Nm: checked(textUpTo(70)) }, ["Id"]);
}

function accountId(): ContainerRule {
  const scheme = container({ Cd: checked(oneOf(["BBAN"], "it changes what the number means and no line shows it")) }, [
    "Cd",
  ]);
  return container({ IBAN: shown(iban), Othr: container({ Id: shown(textUpTo(34)), SchmeNm: scheme }, ["Id"]) });
}

function debtorBank(old: boolean): ContainerRule {
  const own = "the payer's own bank, which holds the account shown as From";
  return container({
    [old ? "BIC" : "BICFI"]: harmless(own, bic),
    Nm: harmless(own, anyText),
    PstlAdr: postalAddress(own),
    Othr: notProvided(),
  });
}

function creditorBank(old: boolean): ContainerRule {
  return container({
    [old ? "BIC" : "BICFI"]: shown(bic),
    ClrSysMmbId: container({ ClrSysId: container({ Cd: shown(textUpTo(5)) }, ["Cd"]), MmbId: shown(textUpTo(35)) }, [
      "MmbId",
    ]),
    Nm: shown(textUpTo(140)),
    PstlAdr: postalAddress("the bank is named by the rest"),
    Othr: notProvided(),
  });
}

function notProvided(): ContainerRule {
  return container({ Id: checked(oneOf(["NOTPROVIDED"], "it names a bank in a way that no line shows")) }, ["Id"]);
}

function debtor(old: boolean): ContainerRule {
  const owner = "the payer; the account shown as From decides who pays";
  return container({ Nm: harmless(owner, anyText), PstlAdr: postalAddress(owner), Id: partyId(owner, old) });
}

function initiator(old: boolean): ContainerRule {
  const sender = "who made the file; the confirmation, not this name, lets it be carried out";
  return container({ Nm: harmless(sender, anyText), PstlAdr: postalAddress(sender), Id: partyId(sender, old) });
}

function partyId(because: string, old: boolean): ContainerRule {
  const other = many(
    container({
      Id: harmless(because, anyText),
      SchmeNm: container({ Cd: harmless(because, anyText), Prtry: harmless(because, anyText) }),
      Issr: harmless(because, anyText),
    }),
  );
  const bicName = old ? "BICOrBEI" : "AnyBIC";
  const lei = old ? {} : { LEI: harmless(because, anyText) };
  return container({
    OrgId: container({ [bicName]: harmless(because, anyText), ...lei, Othr: other }),
    PrvtId: container({ Othr: other }),
  });
}

function postalAddress(because: string): ContainerRule {
  const leaves = ADDRESS_LEAVES.map((name): [string, ElementRule] => [name, harmless(because, anyText)]);
  return container({
    AdrTp: harmless(because, anyText),
    ...Object.fromEntries(leaves),
    AdrLine: many(harmless(because, anyText), 7),
  });
}
