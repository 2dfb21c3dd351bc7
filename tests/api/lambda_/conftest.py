"""Functions for tests: made from source text, gone afterwards."""

import io
import json
import zipfile

import pytest
from tests.support.roles import service_role

ECHO = "def handler(event, context):\n    print('got', event)\n    return event\n"


def zipped(**files: str) -> bytes:
    """A zip of files; `__` in a name stands for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return packed.getvalue()


@pytest.fixture(scope="session")
def role(aws):
    return service_role(aws, "functions", "lambda")


@pytest.fixture
def make(aws, role, name):
    """`make(source, Timeout=5)` creates a function and answers its name."""
    made = []

    def create(source: str = ECHO, **more) -> str:
        chosen = more.pop("FunctionName", f"{name}-{len(made)}")
        given = {"Runtime": "python3.12", "Handler": "index.handler", "Role": role, **more}
        aws("lambda").create_function(FunctionName=chosen, Code={"ZipFile": zipped(index__py=source)}, **given)
        made.append(chosen)
        return chosen

    yield create
    for one in made:
        aws("lambda").delete_function(FunctionName=one)


@pytest.fixture
def invoke(aws):
    """`invoke(name, {...})` is the handler's answer; keywords go to Invoke."""

    def call(function: str, event=None, **more):
        answer = aws("lambda").invoke(FunctionName=function, Payload=json.dumps(event or {}), **more)
        return json.loads(answer["Payload"].read())

    return call
