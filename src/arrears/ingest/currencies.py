"""The currencies that money may be in. Source: ISO 4217, list one (active codes), without funds, metals and tests."""

CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
    CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD
    IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
    MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG
    XOF XPF YER ZAR ZMW ZWG
    """.split()
)

_SIGNS = {
    "¥": frozenset({"CNY", "JPY"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "SYP", "GIP", "FKP", "SHP", "SDG", "SSP", "LBP"}),
    "元": frozenset({"CNY", "TWD", "HKD", "MOP"}),
    "圆": frozenset({"CNY", "JPY"}),
    "RMB": frozenset({"CNY"}),
}


def may_mean(sign: str, currency: str) -> bool:
    """A sign or code beside an amount agrees with the currency the amount is read in.

    >>> may_mean("¥", "CNY"), may_mean("$", "CNY"), may_mean("usd", "USD")
    (True, False, True)
    """
    if sign == "$":  # a score of dollars and pesos bear it; these do not
        return currency not in {"CNY", "EUR", "GBP", "JPY", "INR", "KRW"}
    if sign.upper() in _SIGNS:
        return currency in _SIGNS[sign.upper()]
    return sign.upper() == currency
