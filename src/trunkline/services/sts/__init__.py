"""STS: who am I, and temporary credentials.

Real: AssumeRole checks the role's trust policy (conditions and external ids too), session policies narrow, session tags
and names are condition keys; GetSessionToken and GetFederationToken; sessions are in the database, so a restart ends
none, and they expire.

Refused: AssumeRoleWithWebIdentity and AssumeRoleWithSAML (there are no identity providers), AssumeRoot, MFA codes.
"""

from trunkline.aws import sessions
from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.sts.api import Api


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service."""
    sessions.prepare(kit.db)
    return Service("sts", Api(kit.db, kit.clock, kit.call))
