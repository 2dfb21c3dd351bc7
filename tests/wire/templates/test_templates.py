"""Public sample templates stay deployable: the quick ones always, all of them with real containers."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.server import Server
from tests.wire.templates.everything import everything
from tests.wire.templates.run import FOLDER, rehearse, samples
from tests.wire.templates.site import Site
from tests.wire.templates.table import passing

pytestmark = pytest.mark.skipif(not samples(), reason=f"no public samples in {FOLDER}")

_QUICK = (
    "services/CloudFormation/MacrosExamples/ExpandStack/s3-bucket.yaml",
    "services/CloudFormation/MacrosExamples/ExpandStack/ecr-repo.yaml",
    "cloudformation-cross-account/examples/central-iam.yaml",
    "PersistAZMapping/FindInMapAZs.json",
    "S3/s3-bucket-policy-for-caa-v1.yaml",
    "VPCFlowLogs/templates/VPCFlowLogs-main.cfn.yaml",
    "security/kms-key-legacy.yaml",
    "state/client-sg.yaml",
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What comes of each of the quick ones, all deployed at once."""
    server = Server(tmp_path_factory.mktemp("templates") / "data", clock=60).start()
    try:
        made = Site(server.client, FOLDER, functions=False)

        def one(part):
            (path,) = [path for path in samples() if path.endswith(part)]
            return rehearse(server.client, made, path, f"sample-{_QUICK.index(part)}")

        with ThreadPoolExecutor(len(_QUICK)) as threads:
            yield {part: threads.submit(one, part) for part in _QUICK}
    finally:
        server.remove()


@pytest.mark.parametrize("part", _QUICK)
def test_a_public_sample_is_created_updated_and_deleted(outcomes, part):
    assert outcomes[part].result().reason == ""


@pytest.mark.slow
@pytest.mark.docker
@pytest.mark.haproxy
@pytest.mark.skipif(not (shutil.which("docker") and shutil.which("haproxy")), reason="needs Docker and HAProxy")
def test_all_samples_that_the_reference_says_pass_do():
    failed = {outcome.path: outcome.reason for outcome in everything() if outcome.reason}
    assert {path: failed[path] for path in passing() & failed.keys()} == {}
    assert passing()
