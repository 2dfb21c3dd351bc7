"""What AWS's managed data identifiers find.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
"""

# ruff: noqa: E501  documented examples, a line each

import pytest

from trunkline.services.logs.protection.identifiers import MANAGED, NOT_SUPPORTED
from trunkline.services.logs.protection.masking import Era, Masks


@pytest.mark.parametrize(
    ("name", "message", "found"),
    [
        ("EmailAddress", "mail jane.doe+x@example.co.uk now", ["jane.doe+x@example.co.uk"]),
        ("EmailAddress", "user@host and @nobody", []),
        ("IpAddress", "from 10.0.0.1:80 and ::1, fe80::1", ["10.0.0.1", "::1", "fe80::1"]),
        ("IpAddress", "v1.2.3.4.5 at 12:30:45, 300.1.1.1", []),
        ("CreditCardNumber", "card 4111 1111 1111 1111 and 5500005555555559", ["4111 1111 1111 1111", "5500005555555559"]),
        ("CreditCardNumber", "order 4111111111111112", []),
        ("CreditCardExpiration", "card exp 09/27", ["09/27"]),
        ("CreditCardExpiration", "on 09/27", []),
        ("CreditCardSecurityCode", "cvv: 123", ["123"]),
        ("AwsSecretKey", "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]),
        ("AwsSecretKey", "commit 3a7bd3e2360a3d29eea436fcfb7e44c735d117c4", []),
        ("Ssn-US", "ssn: 123-45-6789, not 000-45-6789", ["123-45-6789"]),
        ("BankAccountNumber-DE", "IBAN DE89 3704 0044 0532 0130 00", ["DE89 3704 0044 0532 0130 00"]),
        ("BankAccountNumber-DE", "IBAN DE88 3704 0044 0532 0130 00", []),
        ("VehicleIdentificationNumber", "VIN 1HGCM82633A004352 or 1HGCM82633A004353", ["1HGCM82633A004352"]),
        ("PhoneNumber-US", "call +1 (415) 555-2671", ["+1 (415) 555-2671"]),
        ("LatLong", "position 40.7128, -74.0060", ["40.7128, -74.0060"]),
        ("PkcsPrivateKey", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- x", ["-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"]),
    ],
)  # fmt: skip
def test_finds_what_it_is_named_after(name, message, found):
    assert [message[start:end] for start, end in MANAGED[name].find(message)] == found


def test_no_identifier_is_both_found_and_refused():
    assert not NOT_SUPPORTED & set(MANAGED)


def test_masks_by_the_eras_that_an_event_came_in():
    masks = Masks([Era(10, 20, ["EmailAddress"]), Era(20, None, ["IpAddress"])])
    message = "a@b.com 10.0.0.1"
    assert masks.mask(message, 5) == message
    assert masks.mask(message, 10) == "******* 10.0.0.1"
    assert masks.mask(message, 20) == "a@b.com ********"
