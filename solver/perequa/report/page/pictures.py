"""A figure as the bytes of a file: SVG as it is, PNG and PDF by vl-convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perequa_models.errors import UsageError

if TYPE_CHECKING:
    from perequa.report.page.figures import Figure

Form = Literal["svg", "png", "pdf"]
FINER = 2.0
"""Pixels of a PNG for one of the page: 150 dots an inch at the width of a printed page."""


def picture_bytes(figure: Figure, form: Form) -> bytes:
    """Write a figure in a form.

    Raises
    ------
    UsageError
        When the form needs vl-convert and it is not installed.
    """
    if form == "svg":
        return figure.svg.encode("utf-8")
    try:
        # imported here: it is an extra, and 80 MB
        import vl_convert  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError(
            f"--format {form} needs vl-convert: pip install 'perequa[figures]', or take svg"
        ) from None
    if form == "png":
        return vl_convert.svg_to_png(figure.svg, scale=FINER)
    return vl_convert.svg_to_pdf(figure.svg)
