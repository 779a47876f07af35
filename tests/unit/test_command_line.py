"""What is set on the command line is what a file would say."""

from typing import Any

import pytest
import yaml
from snakemake.cli import get_argument_parser, parse_config
from snakemake.common import dict_to_key_value_args

from initstudy.config.origin import from_command_line, typed

NESTED = "{a: false, b: null, c: 1, d: 2.5, e: [true, ~, 3], f: {g: no, h: [[Off]]}, i: he_normal}"


def read(*settings: str) -> dict[str, Any]:
    """As Snakemake reads it, and hands it on to the jobs that it starts."""
    found = get_argument_parser().parse_args(["--config", *settings]).config
    config: dict[str, Any] = parse_config(found)
    for_jobs = parse_config(dict_to_key_value_args(config, quote_str=False, repr_obj=True))
    assert from_command_line(for_jobs) == from_command_line(config)
    return config


@pytest.mark.parametrize(
    "text",
    [
        *["true", "false", "null", "~", "True", "FALSE", "Null", "yes", "no", "on", "off"],
        *["1", "-2", "2.5", "1_000", "0x10", ".inf", "text", "my_file.py:name", "2026-1"],
        *["[1, null, 2.5, [false]]", "[he_normal, my_file.py:name]", "{}", "[]"],
        *[NESTED, "{a: &one [1, true], b: *one}", "{a: }", "{a: '@x', b: 'c: d', e: '[1]'}"],
        "",
    ],
)
def test_a_value_of_any_form_and_depth_is_what_a_file_would_say(text: str) -> None:
    meant = yaml.safe_load(f"key: {text}")
    assert from_command_line(read(f"key={text}")) == meant
    # Inside of a key of another workflow's, Snakemake makes text of all.
    below = typed(read(f"whole={{part: {{key: {text}}}}}"))["whole"]["part"]
    assert below == meant
    assert [type(value) for value in below.values()] == [type(value) for value in meant.values()]


def test_what_snakemake_alone_makes_a_number_stays_one() -> None:
    assert from_command_line(read("key=1e-3")) == {"key": 0.001}


def test_text_that_is_no_yaml_stays_text() -> None:
    assert from_command_line(read("key=@x", "other=a: b: c", "odd=0x_")) == {
        "key": "@x",
        "other": "a: b: c",
        "odd": "0x_",
    }
    # A date would be no value of any key, and may be the name of a study.
    assert from_command_line(read("key=2026-11-26")) == {"key": "2026-11-26"}
