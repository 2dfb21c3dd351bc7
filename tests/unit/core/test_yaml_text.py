"""YAML from strangers: plain values come through, and nothing they write harms the process."""

import time

import pytest

from trunkline.core.yaml_text import YamlError, load


def test_plain_values_come_through():
    assert load("a: 1\nb: [x, yes, 1.5, null]\nc: &c {d: e}\nf: *c") == {
        "a": 1,
        "b": ["x", True, 1.5, None],
        "c": {"d": "e"},
        "f": {"d": "e"},
    }
    assert load('{"json": ["too"]}') == {"json": ["too"]}
    assert load("") is None


def test_words_stay_as_they_are_written():
    assert load("a: 1.10\nb: yes\nc: null\nd: 2026-01-01", words=True) == {
        "a": "1.10", "b": "yes", "c": "null", "d": "2026-01-01",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "(line"),
        ("a: b: c", "(line 1)"),
        ("\tx", "(line 1)"),
        ("a: \x07", "not allowed"),
        ("--- a\n--- b", "(line"),
        ("!!python/object/apply:os.system [ls]", "python/object"),
        ("a: 2026-99-99", "month"),
        ("? [a]\n: b", "unhashable"),
        ("a: *nobody", "nobody"),
        ("a: &a [*a]", "the alias a stands for nothing before it"),
    ],
)
def test_what_cannot_be_read_is_told_on_one_line(text, says):
    with pytest.raises(YamlError) as caught:
        load(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "\n".join(f"{' ' * depth}a:" for depth in range(1000)),
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "\n".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
        "[" + "a," * 400_000 + "]",
        "x" * 2_000_000,
    ],
    ids=["lists", "mappings", "dashes", "lines", "aliases", "values", "bytes"],
)
def test_bombs_are_refused_quickly(text):
    began = time.perf_counter()
    with pytest.raises(YamlError):
        load(text)
    assert time.perf_counter() - began < 5
