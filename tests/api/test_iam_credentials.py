"""Passwords, MFA devices, SAML providers and the credential report, through boto3."""

import base64
import hmac
import struct
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def user(iam, name):
    iam.create_user(UserName=name)
    return name


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def codes(seed):
    """What a device with this seed shows now, and 30 seconds later."""
    shown = []
    for step in (int(time.time()) // 30, int(time.time()) // 30 + 1):
        digest = hmac.digest(base64.b32decode(seed), struct.pack(">Q", step), "sha1")
        offset = digest[-1] & 15
        shown.append(f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}")
    return {"AuthenticationCode1": shown[0], "AuthenticationCode2": shown[1]}


def test_a_login_profile_is_kept_until_it_is_deleted(iam, user):
    assert user in refused("NoSuchEntity", iam.get_login_profile, UserName=user)
    made = iam.create_login_profile(UserName=user, Password="Correct-Horse-1", PasswordResetRequired=True)
    assert made["LoginProfile"]["PasswordResetRequired"]
    refused("EntityAlreadyExists", iam.create_login_profile, UserName=user, Password="Correct-Horse-1")
    iam.update_login_profile(UserName=user, PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"]
    assert "login profile" in refused("DeleteConflict", iam.delete_user, UserName=user)
    iam.update_user(UserName=user, NewUserName=f"{user}-new")
    iam.delete_login_profile(UserName=f"{user}-new")
    iam.delete_user(UserName=f"{user}-new")


def test_passwords_meet_the_accounts_policy(iam, user):
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName=user, Password="alllowercase")
    refused("NoSuchEntity", iam.get_account_password_policy)
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireNumbers=True, MaxPasswordAge=90)
    try:
        policy = iam.get_account_password_policy()["PasswordPolicy"]
        assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"]) == (12, True)
        problem = refused("PasswordPolicyViolation", iam.create_login_profile, UserName=user, Password="alllowercase")
        assert problem == "Password should have at least one number"
        iam.create_login_profile(UserName=user, Password="lowercase-and-1")
    finally:
        iam.delete_account_password_policy()
    refused("NoSuchEntity", iam.delete_account_password_policy)


def test_a_user_changes_his_password(iam, aws, user):
    iam.create_login_profile(UserName=user, Password="Correct-Horse-1")
    key = iam.create_access_key(UserName=user)["AccessKey"]
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    his = aws("iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    refused("AccessDenied", his.change_password, OldPassword="Wrong-Horse-1", NewPassword="Other-Horse-2")
    his.change_password(OldPassword="Correct-Horse-1", NewPassword="Other-Horse-2")
    his.change_password(OldPassword="Other-Horse-2", NewPassword="Third-Horse-3")
    refused("InvalidUserType", iam.change_password, OldPassword="a", NewPassword="b")


def test_an_mfa_device_is_enabled_by_two_right_codes(iam, user):
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]
    which = {"UserName": user, "SerialNumber": device["SerialNumber"]}
    wrong = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
    refused("InvalidAuthenticationCode", iam.enable_mfa_device, **which, **wrong)
    iam.enable_mfa_device(**which, **codes(device["Base32StringSeed"]))
    assert [d["SerialNumber"] for d in iam.list_mfa_devices(UserName=user)["MFADevices"]] == [device["SerialNumber"]]
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert user in [d["User"]["UserName"] for d in assigned]
    refused("DeleteConflict", iam.delete_virtual_mfa_device, SerialNumber=device["SerialNumber"])
    refused("DeleteConflict", iam.delete_user, UserName=user)
    iam.deactivate_mfa_device(**which)
    refused("NoSuchEntity", iam.deactivate_mfa_device, **which)
    iam.tag_mfa_device(SerialNumber=device["SerialNumber"], Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_mfa_device_tags(SerialNumber=device["SerialNumber"])["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])


def test_saml_providers_are_kept(iam, name):
    document = f"<EntityDescriptor>{'x' * 1000}</EntityDescriptor>"
    arn = iam.create_saml_provider(Name=name, SAMLMetadataDocument=document)["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::000000000000:saml-provider/{name}"
    refused("EntityAlreadyExists", iam.create_saml_provider, Name=name, SAMLMetadataDocument=document)
    refused("InvalidInput", iam.update_saml_provider, SAMLProviderArn=arn, SAMLMetadataDocument="x" * 1000)
    assert iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"] == document
    assert arn in [item["Arn"] for item in iam.list_saml_providers()["SAMLProviderList"]]
    iam.delete_saml_provider(SAMLProviderArn=arn)
    refused("NoSuchEntity", iam.get_saml_provider, SAMLProviderArn=arn)


def test_the_credential_report_tells_who_has_what(iam, aws, user):
    iam.create_login_profile(UserName=user, Password="Correct-Horse-1")
    iam.create_access_key(UserName=user)
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    head, *lines = iam.get_credential_report()["Content"].decode().splitlines()
    rows = [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
    mine = next(row for row in rows if row["user"] == user)
    assert (mine["password_enabled"], mine["mfa_active"], mine["access_key_1_active"]) == ("true", "false", "true")
    assert rows[0]["user"] == "<root_account>"
