"""JSON Patch, with the examples of RFC 6902's appendix that apply to properties."""

import json

import pytest

from trunkline.services.cloudcontrol.patching import PatchError, applied, parsed


def patched(properties, *operations):
    return applied(properties, parsed(json.dumps(operations)))


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux"}, {"foo": "bar", "baz": "qux"}),
        ({"foo": ["a", "c"]}, {"op": "add", "path": "/foo/1", "value": "b"}, {"foo": ["a", "b", "c"]}),
        ({"foo": ["a"]}, {"op": "add", "path": "/foo/-", "value": ["b"]}, {"foo": ["a", ["b"]]}),
        ({"foo": 1, "baz": 2}, {"op": "remove", "path": "/baz"}, {"foo": 1}),
        ({"foo": ["a", "b", "c"]}, {"op": "remove", "path": "/foo/1"}, {"foo": ["a", "c"]}),
        ({"foo": 1}, {"op": "replace", "path": "/foo", "value": None}, {"foo": None}),
        ({"a": {"x": 1}, "b": {}}, {"op": "move", "from": "/a/x", "path": "/b/y"}, {"a": {}, "b": {"y": 1}}),
        ({"a": [1]}, {"op": "copy", "from": "/a", "path": "/b"}, {"a": [1], "b": [1]}),
        ({"a/b": 1, "m~n": 2}, {"op": "replace", "path": "/a~1b", "value": 3}, {"a/b": 3, "m~n": 2}),
        ({"m~n": 2}, {"op": "test", "path": "/m~0n", "value": 2}, {"m~n": 2}),
        ({"a": 1}, {"op": "replace", "path": "", "value": {"b": 2}}, {"b": 2}),
    ],
)
def test_an_operation_does_what_the_rfc_says(before, operation, after):
    kept = json.loads(json.dumps(before))
    assert patched(before, operation) == after
    assert before == kept


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nothing"},
        {"op": "replace", "path": "/nothing", "value": 1},
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "add", "path": "no-pointer", "value": 1},
        {"op": "add", "path": "/a"},
        {"op": "move", "path": "/a"},
        {"op": "paint", "path": "/a", "value": 1},
        {"path": "/a"},
    ],
)
def test_what_does_not_fit_is_refused(operation):
    with pytest.raises(PatchError):
        patched({"a": 1, "list": [1]}, operation)


def test_a_patch_is_applied_whole_or_not_at_all():
    properties = {"a": 1}
    with pytest.raises(PatchError):
        patched(properties, {"op": "add", "path": "/b", "value": 2}, {"op": "test", "path": "/a", "value": 9})
    assert properties == {"a": 1}


@pytest.mark.parametrize("text", ["{", "{}", '"add"', "[1]"])
def test_what_is_no_patch_is_refused(text):
    with pytest.raises(PatchError):
        parsed(text)
