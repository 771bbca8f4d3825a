"""Free text to facts: what a threat report says, each fact with the sentence that supports it.

Rules and word lists are data (`warehouse/method/sector_aliases.csv` and `lexicon_*.csv`); no
network, no model. The text is cut into sentences, each sentence is matched once against all word
lists, and the stance of a fact follows from the cues around it and from the time told.
"""

from pipeline.extract.report import MAX_CHARACTERS, Extraction, TextTooLongError, extract

__all__ = ["MAX_CHARACTERS", "Extraction", "TextTooLongError", "extract"]
