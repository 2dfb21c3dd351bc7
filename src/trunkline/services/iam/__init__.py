"""IAM: users, groups, roles, managed and inline policies, access keys, git credentials, instance profiles.

Real: every policy stored here is evaluated on every call of every service; keys sign requests; service-specific
credentials open CodeCommit's git; boundaries narrow; role trust is checked by STS. SimulatePrincipalPolicy asks the
same evaluator. AWS managed policies exist under AWS's names, cut down to the services Trunkline has.

OpenID Connect and SAML providers are kept, so that stacks with federation deploy, but no token is exchanged. Passwords
are kept and held to the account's policy, but nothing signs in with them. Virtual MFA devices check their codes.

Refused: signing and server certificates, SSH keys, access advisor. Nothing is enforced across accounts by
organisations (no SCPs).
"""

from trunkline.aws import sessions
from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.iam import resources, store
from trunkline.services.iam.api import Api
from trunkline.services.iam.identity import StoredIdentity
from trunkline.services.iam.uses import UseRecorder


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service; its identity is what the gateway and the in-process client check calls against."""
    store.migrate(kit.db)
    sessions.prepare(kit.db)
    identity = StoredIdentity(kit.db, kit.settings, kit.clock)
    recorder = UseRecorder(kit.db, kit.clock, identity)
    api = Api(kit.db, kit.clock, identity, kit.settings)
    return Service(
        "iam",
        api,
        start=recorder.start,
        stop=recorder.stop,
        identity=identity,
        resource_types=resources.types(kit.db),
    )
