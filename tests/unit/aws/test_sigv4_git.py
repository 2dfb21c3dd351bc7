"""Passwords made by the AWS CLI's CodeCommit credential helper."""

import time

import botocore.session
from awscli.customizations.codecommit import CodeCommitGetCommand
from botocore.credentials import Credentials

from trunkline.aws.identity import Credential
from trunkline.aws.service import Principal
from trunkline.aws.sigv4 import verify_git_password

WHO = Principal("user", "arn:aws:iam::000000000000:user/ann", "AIDAX", "ann")
KEYS = {"AK": Credential("AK", "secret", WHO), "AS": Credential("AS", "secret", WHO, "tok", time.time() + 86_400)}


def password(key="AK"):
    session = botocore.session.get_session()
    session._credentials = Credentials(key, "secret")
    return CodeCommitGetCommand(session).sign_request("eu-west-1", "http://127.0.0.1:4566/v1/repos/hello")


def check(user="AK", secret=None, path="/v1/repos/hello", now=None):
    return verify_git_password(
        user,
        secret or password(),
        host="127.0.0.1:4566",
        path=path,
        regions=["us-east-1", "eu-west-1"],
        lookup=KEYS.get,
        now=time.time() if now is None else now,
    )


def test_password_of_the_credential_helper():
    credential, region = check()
    assert (credential.principal, region) == (WHO, "eu-west-1")
    assert check(path="/v1/repos/other") is None
    assert check(user="NOBODY") is None
    assert check(secret="nonsense") is None
    assert check(now=time.time() + 3600) is None


def test_session_token_is_part_of_the_user_name():
    assert check(user="AS%tok")
    assert check(user="AS") is None
    assert check(user="AS%other") is None
