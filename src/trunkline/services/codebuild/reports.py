"""Test reports: JUnit XML as builds write it.

https://docs.aws.amazon.com/codebuild/latest/userguide/test-reporting.html
"""

from dataclasses import dataclass, field
from xml.etree import ElementTree

from trunkline.services.codebuild.model import Doc

STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")


class ReportError(Exception):
    """The file is not a report; the message is one sentence."""


@dataclass
class Tests:
    """The test cases of a report."""

    cases: list[Doc] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {status: sum(1 for case in self.cases if case["status"] == status) for status in STATUSES}

    @property
    def duration_ns(self) -> int:
        return sum(case["durationInNanoSeconds"] for case in self.cases)

    @property
    def status(self) -> str:
        return "FAILED" if any(case["status"] in ("FAILED", "ERROR") for case in self.cases) else "SUCCEEDED"


def junit(name: str, content: bytes) -> list[Doc]:
    """The test cases of one JUnit file."""
    try:
        parser = ElementTree.XMLParser(target=_Builder())  # noqa: S314 (it refuses what could define entities)
        root = ElementTree.fromstring(content, parser)  # noqa: S314
    except _DocumentType as error:
        raise ReportError(f"The report file {name} holds a document type, which reports do not need.") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ReportError(f"The report file {name} is not XML: {error}.") from error
    if root.tag not in ("testsuite", "testsuites"):
        raise ReportError(f"The report file {name} is not a JUnit report: its root element is {root.tag}.")
    suites = [root] if root.tag == "testsuite" else list(root.iter("testsuite"))
    return [_case(name, suite.get("name", ""), case) for suite in suites for case in suite.findall("testcase")]


class _DocumentType(Exception):
    """The document declares a type, with which come entities."""


class _Builder(ElementTree.TreeBuilder):
    """The usual tree; refused whatever the encoding and wherever the declaration stands."""

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        """Called by the parser before it reads the declaration's content."""
        raise _DocumentType


def _case(file: str, suite: str, case: ElementTree.Element) -> Doc:
    status, message = "SUCCEEDED", ""
    for tag, meaning in (("failure", "FAILED"), ("error", "ERROR"), ("skipped", "SKIPPED")):
        element = case.find(tag)
        if element is not None:
            status = meaning
            message = "\n".join(text for text in (element.get("message", ""), element.text or "") if text)[:10_000]
            break
    try:
        seconds = float(case.get("time", "0") or 0)
    except ValueError:
        seconds = 0.0
    return {
        "testRawDataPath": file,
        "prefix": case.get("classname", ""),
        "name": case.get("name", ""),
        "status": status,
        "durationInNanoSeconds": int(seconds * 1e9),
        "message": message,
        "testSuiteName": suite,
    }
