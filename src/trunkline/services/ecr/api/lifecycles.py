"""Lifecycle policies: put, previewed, removed; `expiring.py` applies them."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ecr import lifecycle
from trunkline.services.ecr.api.part import Part, names, repository_arn
from trunkline.services.ecr.model import Repository


class Lifecycles(Part):
    """Operations on lifecycle policies."""

    @operation(resource=repository_arn)
    async def put_lifecycle_policy(self, call: Call, req: Doc) -> Doc:
        """Replace the policy; it is applied at once, and then every hour."""
        text = req["lifecyclePolicyText"]
        _check(text)
        repository = await self._change(call, req, lifecycle=text)
        self._expiring.soon()
        return {**names(repository), "lifecyclePolicyText": text}

    @operation(resource=repository_arn)
    async def get_lifecycle_policy(self, call: Call, req: Doc) -> Doc:
        """The policy and when it was last applied."""
        return _shown(_with_policy(self._repository(call, req)))

    @operation(resource=repository_arn)
    async def delete_lifecycle_policy(self, call: Call, req: Doc) -> Doc:
        """Remove the policy."""
        shown = _shown(_with_policy(self._repository(call, req)))
        await self._change(call, req, lifecycle=None, lifecycle_evaluated=None)
        return shown

    @operation(resource=repository_arn)
    async def start_lifecycle_policy_preview(self, call: Call, req: Doc) -> Doc:
        """Remember what to preview; the result is worked out when it is asked for."""
        text = req.get("lifecyclePolicyText") or _with_policy(self._repository(call, req)).lifecycle or ""
        _check(text)
        repository = await self._change(call, req, preview=text)
        return {**names(repository), "lifecyclePolicyText": text, "status": "IN_PROGRESS"}

    @operation(resource=repository_arn)
    async def get_lifecycle_policy_preview(self, call: Call, req: Doc) -> Doc:
        """What the previewed policy would expire now."""
        repository = self._repository(call, req)
        if repository.preview is None:
            text = f"There is no lifecycle policy preview for the repository with name '{repository.name}'"
            raise AwsError("LifecyclePolicyPreviewNotFoundException", text)
        images = self._registry.manifests(repository.id)
        expiring = lifecycle.evaluate(lifecycle.parse(repository.preview), images, self._kit.clock.now())
        results: list[Doc] = [
            {
                "imageTags": list(each.tags),
                "imageDigest": each.digest,
                "imagePushedAt": each.pushed_at,
                "action": {"type": "EXPIRE"},
                "appliedRulePriority": expiring[each.digest],
            }
            for each in images
            if each.digest in expiring
        ]
        wanted = {id.get("imageDigest") or id.get("imageTag") for id in req.get("imageIds", ())}
        if wanted:
            results = [each for each in results if wanted & {each["imageDigest"], *each["imageTags"]}]
        status = req.get("filter", {}).get("tagStatus", "ANY")
        results = [each for each in results if status == "ANY" or bool(each["imageTags"]) == (status == "TAGGED")]
        shown, token = paging.page(
            results,
            req.get("maxResults", 100),
            req.get("nextToken"),
            key=lambda each: str(each["imageDigest"]),
            error="InvalidParameterException",
        )
        return {
            **names(repository),
            "lifecyclePolicyText": repository.preview,
            "status": "COMPLETE",
            "previewResults": shown,
            "nextToken": token,
            "summary": {"expiringImageTotalCount": len(results)},
        }


def _check(text: str) -> None:
    try:
        lifecycle.parse(text)
    except lifecycle.BadPolicy as error:
        why = f"Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: '{error}'"
        raise AwsError("InvalidParameterException", why) from error


def _with_policy(repository: Repository) -> Repository:
    if repository.lifecycle is None:
        text = f"Lifecycle policy does not exist for the repository with name '{repository.name}'"
        where = f"in the registry with id '{repository.account}'"
        raise AwsError("LifecyclePolicyNotFoundException", f"{text} {where}")
    return repository


def _shown(repository: Repository) -> Doc:
    return {
        **names(repository),
        "lifecyclePolicyText": repository.lifecycle,
        "lastEvaluatedAt": repository.lifecycle_evaluated,
    }
