"""What a rendered document must be: complete, paired, free of marks that a viewer would read."""

from __future__ import annotations

import re


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of any level."""
    (found,) = re.findall(rf"^#+ {heading}.*?\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def equations(text: str) -> list[str]:
    return [e.strip() for e in re.findall(r"^\$\$\n(.*?)\n\$\$$", text, re.MULTILINE | re.DOTALL)]


def check_markdown(text: str) -> None:
    """Dollars and braces pair, no underscore outside code and equations, rows as wide as heads."""
    assert "\n\n\n" not in text
    rest = re.sub(r"^\$\$\n.*?\n\$\$$", "", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"`[^`\n]+`", "", rest)
    assert all(line.count("$") % 2 == 0 for line in rest.replace("\\$", "").splitlines())
    inline = re.findall(r"\$([^$\n]+)\$", rest)
    for latex in [*equations(text), *inline]:
        check_equation(latex)
        assert not re.search(r"\\[^A-Za-z]", latex), "a viewer takes the backslash for its own"
    plain = re.sub(r"\$[^$\n]+\$", "", rest)
    assert not re.search(r"(?<!\\)[_*<\[]", plain), "a mark that Markdown reads"
    widths: set[int] = set()
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            widths.add(len(re.findall(r"(?<!\\)\|", line)))
        else:
            assert len(widths) <= 1
            widths.clear()


def check_latex(text: str) -> None:
    """Environments and braces pair, cells are as many as columns, nothing is left unescaped."""
    opened: list[str] = []
    for what, environment in re.findall(r"\\(begin|end)\{([a-z*]+)\}", text):
        if what == "begin":
            opened.append(environment)
        else:
            assert opened.pop() == environment
    assert not opened
    assert text.startswith(r"\documentclass")
    body = text.partition(r"\begin{document}")[2]
    check_equation(body)
    for latex in re.findall(r"\\begin\{equation\*\}(.*?)\\end\{equation\*\}", body, re.DOTALL):
        check_equation(latex)
    words = re.sub(r"\\begin\{equation\*\}.*?\\end\{equation\*\}", "", body, flags=re.DOTALL)
    words = re.sub(r"(?<!\\)\$[^$]*(?<!\\)\$", "", words)
    assert not re.search(r"(?<!\\)[_#^$%]", words), "a character that LaTeX reads"
    columns = 0
    for line in words.splitlines():
        found = re.fullmatch(r"\\begin\{longtable\}\{(.*)\}", line)
        columns = found[1].count("p{") if found else columns
        if line.endswith(r"\\"):
            assert len(re.findall(r"(?<!\\)&", line)) == columns - 1


def check_equation(latex: str) -> None:
    bare = re.sub(r"\\[{}]", "", latex)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0, latex
    assert depth == 0, latex
    assert len(re.findall(r"\\left\b", latex)) == len(re.findall(r"\\right\b", latex)), latex
