"""AWS::Serverless-2016-10-31, by AWS's own translator (aws-sam-translator), without a connection to AWS.

The translator keeps the region in a class attribute, so one translation runs at a time; it is all computation, so it
runs in a thread. It is imported with the first template that asks for it: that takes over a second.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-serverless.html
"""

import asyncio
import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.services.cloudformation.template.errors import TransformError, text_of
from trunkline.services.cloudformation.template.model import SERVERLESS, Doc
from trunkline.services.cloudformation.template.scope import pseudo_parameters
from trunkline.services.cloudformation.template.transforms.interface import Transforming

_FAILED = f"Transform {SERVERLESS} failed with: "
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Region:
    """All that the translator asks of a boto3 session."""

    region_name: str


async def serverless(doc: Doc, transforming: Transforming) -> Doc:
    """The template with AWS::Serverless::* types replaced by what they stand for."""
    pseudo = pseudo_parameters(
        transforming.account, transforming.region, transforming.stack_id, transforming.stack_name
    )
    _refuse_repository_applications(doc)
    values = {**_texts(transforming.parameters), **_texts(pseudo)}
    return await asyncio.to_thread(_translate, copy.deepcopy(doc), values, transforming.region)


def _refuse_repository_applications(doc: Doc) -> None:
    """The translator would ask the Serverless Application Repository for them over the network."""
    for logical_id, body in (doc.get("Resources") or {}).items():
        if not isinstance(body, dict) or body.get("Type") != "AWS::Serverless::Application":
            continue
        if not isinstance((body.get("Properties") or {}).get("Location"), str):
            raise TransformError(
                f"{_FAILED}Resource with id [{logical_id}] is invalid. Applications of the Serverless Application "
                "Repository are not supported; give the URL of a template as Location."
            )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
        for name, value in values.items()
    }


def _translate(doc: Doc, values: dict[str, str], region: str) -> Doc:
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
    from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    partition = values["AWS::Partition"]
    policies = get_bundled_managed_policy_map(partition) or {}
    with _one_at_a_time:
        metrics = Metrics("ServerlessTransform", DummyMetricsPublisher())
        translator = Translator(policies, Parser(), boto_session=_Region(region), metrics=metrics)
        try:
            translated: Doc = translator.translate(doc, values)
        except InvalidDocumentException as error:
            causes = " ".join(str(getattr(cause, "message", cause)) for cause in error.causes)
            raise TransformError(
                f"{_FAILED}Invalid Serverless Application Specification document. "
                f"Number of errors found: {len(list(error.causes))}. {causes}"
            ) from error
        finally:
            metrics.publish()  # to nobody; left out, it complains on standard error when the program ends
    return translated
