"""Check 8: every sentence says what its row of figures says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perequa import __version__
from perequa.interpret.same_rows import full_statement
from perequa.verification.outcome import Notebook
from perequa.verification.price_table import TABLE
from perequa.words import LANGUAGES, SOURCE, saying, words_in

if TYPE_CHECKING:
    from perequa.verification.folder import RunFolder
    from perequa.verification.outcome import Check


def check_sentences(folder: RunFolder) -> Check:
    """Write each statement again from the printed figures of its row, in the run's language."""
    notes = Notebook(8, "sentences")
    if not folder.has(TABLE):
        return notes.skip(saying("no prices were asked of this run"))
    written_by = str(folder.run.get("perequa", __version__))
    if written_by != __version__:
        # Another version may say the same in other words: its figures are checked all the same.
        return notes.skip(
            saying("sentences of perequa {one}; this is {other}", one=written_by, other=__version__)
        )
    lang = str(folder.run.get("lang", SOURCE))
    if lang not in LANGUAGES:
        notes.wrong("run.json", "", "lang", lang, " or ".join(LANGUAGES))
        return notes.close(saying("sentences"))
    words = words_in(lang)
    table = folder.table(TABLE)
    for cells in table.rows:
        fields = dict(zip(table.header, cells, strict=True))
        said = fields.pop("statement", "")
        expected = full_statement(fields, words)
        if said != expected:
            label = f"{fields.get('row', '')}, priority {fields.get('priority', '')}"
            notes.wrong(TABLE, label, "statement", said, expected)
    return notes.close(saying("{count} sentences", count=len(table.rows)))
