from trunkline.aws.identity import Credential, Grants
from trunkline.aws.service import Principal


class DevIdentity:
    def __init__(self, settings):
        self.s = settings

    def credential(self, key):
        if key == self.s.root_access_key_id:
            a = self.s.account
            return Credential(
                key, self.s.root_secret_access_key, Principal("root", f"arn:aws:iam::{a}:root", a, "root")
            )
        return None

    def grants(self, principal, access_key_id=""):
        return Grants(principal.arn)

    def trust(self, role_arn):
        return None

    def service_credential(self, service, user_name):
        return None

    def note_use(self, *a):
        pass
