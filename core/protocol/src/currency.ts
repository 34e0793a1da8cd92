// ISO 4217 currencies that have minor units, and registered assets. The number is the exponent: how many decimal digits
// the minor unit stands for. Metals, test and bond codes (XAU, XTS, XXX and the like) are left out: nobody pays in them.

const TWO_DIGITS =
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP " +
  "COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR " +
  "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN " +
  "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL " +
  "THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG";
const NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DIGITS = "CLF UYW";
const ASSETS: Readonly<Record<string, number>> = { BTC: 8, ETH: 18, USDC: 6, USDT: 6 };

const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...rows(TWO_DIGITS, 2),
  ...rows(NO_DIGITS, 0),
  ...rows(THREE_DIGITS, 3),
  ...rows(FOUR_DIGITS, 4),
  ...Object.entries(ASSETS),
]);

function rows(codes: string, exponent: number): (readonly [string, number])[] {
  return codes.split(" ").map((code) => [code, exponent] as const);
}

/** Decimal digits of the minor unit, or undefined for a code that is not registered. */
export function exponentOf(currency: string): number | undefined {
  return EXPONENTS.get(currency);
}

/** All registered codes, sorted. */
export function currencies(): string[] {
  return [...EXPONENTS.keys()].toSorted();
}
