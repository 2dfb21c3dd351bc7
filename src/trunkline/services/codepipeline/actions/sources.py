"""Source actions: fetch a revision and keep it as the artifact that later actions work on.

https://docs.aws.amazon.com/codepipeline/latest/userguide/integrations-action-type.html
"""

import io
import zipfile

import orjson

from trunkline.services.codepipeline.action import Action, Outcome, streamed
from trunkline.services.codepipeline.model import Doc


async def codecommit(action: Action) -> Outcome:
    """The newest commit of a branch, as a zip."""
    repository, branch = action.configuration["RepositoryName"], action.configuration["BranchName"]

    async def fetch() -> Doc:
        commit_id = action.source_override.get("revisionValue", "")
        if not commit_id:
            found = await action.call("codecommit", "GetBranch", {"repositoryName": repository, "branchName": branch})
            commit_id = found["branch"]["commitId"]
        asked = {"repositoryName": repository, "commitId": commit_id}
        commit = (await action.call("codecommit", "GetCommit", asked))["commit"]
        about = (await action.look("codecommit", "GetRepository", {"repositoryName": repository}))["repositoryMetadata"]
        await action.must_allow("codecommit:UploadArchive", about["Arn"])
        archive = action.engines.git.archive(about["repositoryId"], commit_id)
        place = await action.upload(_output(action), archive)
        return {"place": place, "commit": commit}

    fetched = await action.wf.step("fetch", fetch)
    commit = fetched["commit"]
    message = commit.get("message", "")
    return Outcome(
        external_id=commit["commitId"],
        summary=message.splitlines()[0] if message else "",
        variables={
            "RepositoryName": repository,
            "BranchName": branch,
            "CommitId": commit["commitId"],
            "CommitMessage": message,
            "AuthorDate": commit.get("author", {}).get("date", ""),
            "CommitterDate": commit.get("committer", {}).get("date", ""),
        },
        artifacts={_output(action): {**fetched["place"], "revision": commit["commitId"]}},
        revision=_revision(action, commit["commitId"], message),
    )


async def s3(action: Action) -> Outcome:
    """An object of a versioned bucket."""
    bucket, key = action.configuration["S3Bucket"], action.configuration["S3ObjectKey"]

    async def fetch() -> Doc:
        asked = {"Bucket": bucket, "Key": key}
        if action.source_override.get("revisionValue"):
            asked["VersionId"] = action.source_override["revisionValue"]
        found = await action.call("s3", "GetObject", asked)
        body = found["Body"]
        place = await action.upload(_output(action), streamed(body) if isinstance(body, bytes) else body)
        return {"place": place, "version": found.get("VersionId", "null"), "etag": found["ETag"].strip('"')}

    fetched = await action.wf.step("fetch", fetch)
    return Outcome(
        external_id=fetched["version"],
        summary=f"Amazon S3 version id: {fetched['version']}",
        variables={"BucketName": bucket, "ObjectKey": key, "ETag": fetched["etag"], "VersionId": fetched["version"]},
        artifacts={_output(action): {**fetched["place"], "revision": fetched["version"]}},
        revision=_revision(action, fetched["version"], ""),
    )


async def ecr(action: Action) -> Outcome:
    """An image's digest and URI, as imageDetail.json."""
    repository, tag = action.configuration["RepositoryName"], action.configuration.get("ImageTag", "latest")

    async def fetch() -> Doc:
        found = await action.call(
            "ecr", "DescribeImages", {"repositoryName": repository, "imageIds": [{"imageTag": tag}]}
        )
        image = found["imageDetails"][0]
        repositories = await action.look("ecr", "DescribeRepositories", {"repositoryNames": [repository]})
        uri = repositories["repositories"][0]["repositoryUri"]
        detail = {
            "ImageSizeInBytes": str(image.get("imageSizeInBytes", 0)),
            "ImageDigest": image["imageDigest"],
            "Version": "1.0",
            "RegistryId": image["registryId"],
            "RepositoryName": repository,
            "ImageTags": image.get("imageTags", []),
            "ImageURI": f"{uri}@{image['imageDigest']}",
        }
        place = await action.upload(_output(action), streamed(_zip("imageDetail.json", orjson.dumps(detail))))
        return {"place": place, "digest": image["imageDigest"], "uri": detail["ImageURI"]}

    fetched = await action.wf.step("fetch", fetch)
    return Outcome(
        external_id=fetched["digest"],
        variables={
            "RepositoryName": repository,
            "ImageTag": tag,
            "ImageDigest": fetched["digest"],
            "ImageURI": fetched["uri"],
        },
        artifacts={_output(action): {**fetched["place"], "revision": fetched["digest"]}},
        revision=_revision(action, fetched["digest"], ""),
    )


def _output(action: Action) -> str:
    return str(action.declaration["outputArtifacts"][0]["name"])


def _revision(action: Action, revision: str, summary: str) -> Doc:
    return {"name": _output(action), "revisionId": revision, "revisionSummary": summary, "action": action.name}


def _zip(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()
