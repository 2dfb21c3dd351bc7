"""GetRandomPassword."""

import secrets
import string

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc

_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def random_password(req: Doc) -> str:
    """A password of the characters that the request allows, with each kind present unless it says otherwise."""
    excluded = set(req.get("ExcludeCharacters", ""))
    kinds = [
        "" if req.get("ExcludeLowercase") else string.ascii_lowercase,
        "" if req.get("ExcludeUppercase") else string.ascii_uppercase,
        "" if req.get("ExcludeNumbers") else string.digits,
        "" if req.get("ExcludePunctuation") else _PUNCTUATION,
        " " if req.get("IncludeSpace") else "",
    ]
    allowed = ["".join(c for c in kind if c not in excluded) for kind in kinds]
    alphabet = "".join(allowed)
    length = req.get("PasswordLength", 32)
    if not alphabet:
        raise AwsError("InvalidRequestException", "The password can't be generated: every character is excluded.")
    required = [kind for kind in allowed if kind] if req.get("RequireEachIncludedType", True) else []
    if len(required) > length:
        raise AwsError("InvalidParameterException", "Password length is too short based on the required types.")
    chosen = [secrets.choice(kind) for kind in required]
    chosen += [secrets.choice(alphabet) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
