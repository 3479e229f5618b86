"""Words for people in English and French, from one catalogue; an explicit value, no global state.

`words_in` gives the words of a language; whatever writes sentences takes them as an argument.
English stands in the code, French in ``locale/fr/LC_MESSAGES/perequa.po``.
"""

from perequa.words.language import LANGUAGES, SOURCE, Said, Words, saying, told, words_in

__all__ = ["LANGUAGES", "SOURCE", "Said", "Words", "saying", "told", "words_in"]
