"""AWS's managed data identifiers, as far as patterns, check digits and words nearby can find them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html

Those for which AWS needs more than that (names, postal addresses, identity papers of many countries) are known by name,
so that a policy that asks for one is refused with its name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]

_NEARBY = 30


@dataclass(frozen=True)
class Identifier:
    """`words`: one of them must stand within thirty characters. `valid`: tells data from what only looks like it.

    screen: a quick look at the whole text, for patterns of unknown cost.
    """

    name: str
    pattern: re.Pattern[str]
    words: re.Pattern[str] | None = None
    valid: Callable[[str], bool] | None = None
    screen: Callable[[str], bool] | None = None

    def find(self, text: str) -> Iterator[Span]:
        if self.screen is not None and not self.screen(text):
            return
        for match in self.pattern.finditer(text):
            start, end = match.span()
            if self.valid is not None and not self.valid(match[0]):
                continue
            if self.words is None or self.words.search(text[max(0, start - _NEARBY) : end + _NEARBY]):
                yield start, end


def luhn(text: str) -> bool:
    """The check digit of payment cards."""
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and luhn(digits)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _is_vin(text: str) -> bool:
    """ISO 3779's check digit, in the ninth place."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(int(values.get(char, char)) * weight for char, weight in zip(text, weights, strict=True))
    return text[8] == "0123456789X"[total % 11]


def _words(*words: str) -> re.Pattern[str]:
    """AWS finds a word of two parts also when they are joined, or stand together with _ or - between them."""
    return re.compile("|".join(re.escape(word).replace(r"\ ", r"[ _-]?") for word in words), re.IGNORECASE)


def _key(kind: str) -> re.Pattern[str]:
    return re.compile(rf"-----BEGIN {kind}-----(?:[^-]|-(?!----END))*(?:-----END {kind}-----)?")


_PHONE = _words("cell", "contact", "fax", "mobile", "phone", "tel", "call")
_EXPIRY = _words("exp", "valid until", "valid thru", "valid date")
_CODE = _words(
    "card id", "card code", "card security code", "card verification", "cav2", "cid", "csc", "cvc", "cvv", "cvn"
)
_BANK = _words("account", "acct", "bank", "iban", "konto", "compte", "cuenta", "conto")
_SECRET = _words(
    "aws secret access key", "credentials", "secret access key", "secret key", "set-awscredential", "aws secret"
)
_TAX = _words("tax", "itin", "individual taxpayer")
_SSN = _words("ssn", "social security", "ss#", "social security number", "soc sec")
_VIN = _words("vin", "vehicle", "fahrgestellnummer", "numero de chasis")

_IBAN_LENGTHS = {"DE": 22, "ES": 24, "FR": 27, "GB": 22, "IT": 27}
_PHONES = {
    "US": r"(?<![\w+])(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\)|[2-9]\d{2})[ .-]?[2-9]\d{2}[ .-]?\d{4}(?!\w)",
    "GB": r"(?<![\w+])(?:\+44[ -]?|0)\d{2,5}[ -]?\d{3,4}[ -]?\d{3,4}(?!\w)",
    "DE": r"(?<![\w+])(?:\+49[ -]?|0)[1-9]\d{1,4}[ /-]?\d{3,8}(?!\w)",
    "FR": r"(?<![\w+])(?:\+33[ .-]?|0)[1-9](?:[ .-]?\d{2}){4}(?!\w)",
    "ES": r"(?<![\w+])(?:\+34[ -]?)?[6-9]\d{2}[ -]?\d{3}[ -]?\d{3}(?!\w)",
    "IT": r"(?<![\w+])(?:\+39[ -]?)?3\d{2}[ -]?\d{3}[ -]?\d{4}(?!\w)",
    "BR": r"(?<![\w+])(?:\+55[ -]?)?\(?[1-9]\d\)?[ -]?9?\d{4}[ -]?\d{4}(?!\w)",
}
_HEXTETS = r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}"

_KNOWN = (
    Identifier("EmailAddress", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")),
    Identifier(
        "IpAddress",
        re.compile(rf"(?<![\w.:])(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.]*\d)|{_HEXTETS}(?![\w:]))"),
        valid=_is_address,
    ),
    Identifier("CreditCardNumber", re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])"), valid=_is_card),
    Identifier("CreditCardExpiration", re.compile(r"(?<!\d)(?:0[1-9]|1[0-2])[/-](?:20)?\d{2}(?!\d)"), _EXPIRY),
    Identifier("CreditCardSecurityCode", re.compile(r"(?<!\d)\d{3,4}(?!\d)"), _CODE),
    Identifier("AwsSecretKey", re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"), _SECRET),
    Identifier("OpenSshPrivateKey", _key("OPENSSH PRIVATE KEY")),
    Identifier("PgpPrivateKey", _key("PGP PRIVATE KEY BLOCK")),
    Identifier("PkcsPrivateKey", _key("(?:RSA |DSA |EC |ENCRYPTED )?PRIVATE KEY")),
    Identifier("PuttyPrivateKey", re.compile(r"PuTTY-User-Key-File-\d: [\w-]+[\s\S]*?(?:Private-MAC: \w+|\Z)")),
    Identifier(
        "LatLong",
        re.compile(r"(?<![\w.])[+-]?(?:[0-8]?\d|90)\.\d{2,10}, ?[+-]?(?:1?\d{1,2})\.\d{2,10}(?![\w.])"),
        _words("coordinate", "coordinates", "lat long", "latitude longitude", "latitude", "position", "gps"),
    ),
    Identifier("VehicleIdentificationNumber", re.compile(r"(?<!\w)[A-HJ-NPR-Z0-9]{17}(?!\w)"), _VIN, _is_vin),
    Identifier("Ssn-US", re.compile(r"(?<![\w-])(?!000|666|9)\d{3}[- ]?(?!00)\d{2}[- ]?(?!0000)\d{4}(?![\w-])"), _SSN),
    Identifier(
        "IndividualTaxIdentificationNumber-US", re.compile(r"(?<![\w-])9\d{2}[- ]?[5-9]\d[- ]?\d{4}(?![\w-])"), _TAX
    ),
    Identifier("ZipCode-US", re.compile(r"(?<![\w-])\d{5}(?:-\d{4})?(?![\w-])"), _words("zip", "zip code", "zip+4")),
    Identifier("CpfCode-BR", re.compile(r"(?<!\w)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\w)"), _words("cpf")),
    Identifier("CepCode-BR", re.compile(r"(?<!\w)\d{5}-?\d{3}(?!\w)"), _words("cep", "codigo postal")),
    Identifier(
        "NationalInsuranceNumber-GB",
        re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"),
        _words("insurance", "national insurance", "ni", "nino"),
    ),
    Identifier(
        "BankAccountNumber-US", re.compile(r"(?<![\w-])\d{6,17}(?![\w-])"), _words("account", "acct", "bank account")
    ),
    *(Identifier(f"PhoneNumber-{land}", re.compile(pattern), _PHONE) for land, pattern in _PHONES.items()),
    *(
        Identifier(
            f"BankAccountNumber-{land}",
            re.compile(rf"(?<!\w){land}\d{{2}}(?: ?[A-Z0-9]){{{length - 4}}}(?!\w)"),
            _BANK,
            _is_iban,
        )
        for land, length in _IBAN_LENGTHS.items()
    ),
)

MANAGED = {identifier.name: identifier for identifier in _KNOWN}

NOT_SUPPORTED = frozenset(
    {"Address", "Name", "Cnpj-BR", "DrugEnforcementAgencyNumber-US", "ElectoralRollNumber-GB", "InseeCode-FR"}
    | {"HealthInsuranceCardNumber-EU", "HealthInsuranceClaimNumber-US", "HealthInsuranceNumber-FR", "NhsNumber-GB"}
    | {"HealthcareProcedureCode-US", "MedicareBeneficiaryNumber-US", "NationalDrugCode-US", "NationalProviderId-US"}
    | {"NieNumber-ES", "NifNumber-ES", "PermanentResidenceNumber-CA", "PersonalHealthNumber-CA", "PostalCode-CA"}
    | {"RgNumber-BR", "SocialInsuranceNumber-CA", "Ssn-ES"}
    | {f"NationalIdentificationNumber-{land}" for land in ("DE", "ES", "IT")}
    | {f"TaxId-{land}" for land in ("DE", "ES", "FR", "GB")}
    | {f"PassportNumber-{land}" for land in ("CA", "DE", "ES", "FR", "GB", "IT", "US")}
    | {
        f"DriversLicense-{land}"
        for lands in ("AT AU BE BG CA CY CZ DE DK EE ES FI FR GB GR HR", "HU IE IT LT LU LV MT NL PL PT RO SE SI SK US")
        for land in lands.split()
    }
)
"""AWS's other identifiers."""
