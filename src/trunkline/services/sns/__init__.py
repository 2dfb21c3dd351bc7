"""Amazon SNS: topics that deliver to HTTP endpoints, SQS queues and Lambda functions, and by mail.

Real: standard topics, and FIFO topics to SQS queues (in order by message group, repetitions taken once), with
attributes, access policies and tags; subscriptions over http, https, email and email-json that the endpoint confirms,
over sqs and lambda as far as their policies allow; dead letters to SQS; messages signed (SignatureVersion 1 and 2) with
a certificate served by this instance; raw delivery; filter policies on attributes and bodies; durable retries by
delivery policy. Mail goes to the SMTP server of the settings, else as files into the data directory's `mail` folder.

Kept without effect: a topic's KMS key and active tracing.

Refused: delivery to Firehose, SMS and mobile push, delivery status logs, data protection policies,
archives.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.sns import store
from trunkline.services.sns.api import Api
from trunkline.services.sns.delivery import Courier
from trunkline.services.sns.outbox import Outbox
from trunkline.services.sns.resources import TYPES
from trunkline.services.sns.signing import Signer
from trunkline.services.sns.web import Pages
from trunkline.services.sns.wording import ROUTE


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made."""
    kit.db.migrate("sns", store.MIGRATIONS)
    signer = Signer(kit.settings.data_dir / "sns", kit.clock.now())
    courier = Courier(kit, signer)
    api = Api(kit, Outbox(kit, courier))
    background = Background(courier.run, courier.metrics.run)
    return Service(
        "sns", api, background.start, background.stop, routes={ROUTE: Pages(api, signer)}, resource_types=TYPES
    )
