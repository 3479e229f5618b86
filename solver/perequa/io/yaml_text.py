"""Plain data written as YAML that `read_yaml` reads back unchanged."""

from __future__ import annotations

import re
from typing import Any

import yaml


class _Writer(yaml.SafeDumper):
    """Quotes exactly the text that the reader would take for something else."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - PyYAML's signature
        """Write repeated values out: the format has no aliases."""
        return True


_TAG = "tag:yaml.org,2002:"
# What YAML 1.1 readers take for numbers or words is quoted as well: the file is safe elsewhere.
for _tag, _pattern, _first in (
    ("bool", r"(?i:true|false|yes|no|on|off)\Z", "tfynoTFYNO"),
    ("int", r"[-+]?[0-9][0-9_:]*\Z", "-+0123456789"),
    ("float", r"[-+]?[0-9.][0-9_.:]*(?:[eE][-+]?[0-9]+)?\Z", "-+.0123456789"),
    ("null", r"(?i:~|null|)\Z", "~nN"),
):
    _Writer.add_implicit_resolver(_TAG + _tag, re.compile(_pattern), list(_first))
_Writer.add_implicit_resolver(_TAG + "null", re.compile(r"\Z"), [""])


def write_yaml(data: Any) -> str:  # noqa: ANN401 - plain data
    """Write mappings, lists, text, numbers, booleans and null as YAML.

    Parameters
    ----------
    data
        Plain data, as `read_yaml` gives it.

    Returns
    -------
    str
        Text ending with a newline, keys in the order of the mapping.
    """
    text: str = yaml.dump(
        data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100, line_break="\n"
    )
    return text
