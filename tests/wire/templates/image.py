"""A web server's image for the services of the samples, whose own default comes from a public registry.

The samples take the image as a parameter. It is built from the Python image that is on every machine that runs these
tests, and removed afterwards.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator

NAME = "trunkline-samples/web:1"
_RECIPE = """\
FROM public.ecr.aws/docker/library/python:3.11-slim
WORKDIR /srv
RUN echo hello > index.html
EXPOSE 80
CMD ["python3", "-m", "http.server", "80"]
"""


@contextlib.contextmanager
def built() -> Iterator[None]:
    """The image is there inside the block. Without Docker nothing is built, and services are not deployed."""
    if shutil.which("docker") is None:
        yield
        return
    subprocess.run(["docker", "build", "-q", "-t", NAME, "-"], input=_RECIPE.encode(), check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["docker", "rmi", "-f", NAME], check=False, capture_output=True)
