"""What users read keeps to the words of the house: no banned phrase, one name for one thing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import REPOSITORY

# Phrases that no page, template, message or verdict has, and what is written instead. Python's
# regular expressions; case counts for nothing.
PERSONS = "users people those anyone somebody reader authors maintainer submitter colleague you"
NOT_PERSONS = "".join(rf"(?<!\b{word}\s)" for word in PERSONS.split())
BANNED = {
    r"\b(told|tells?|telling)\b": "decided, found, reported, shows, names",
    r"\bsettle[sd]?\b|\bsettling\b": "decided",
    r"\bundecided\b": "inconclusive",
    r"\b(is|are|was|were|remains?|stays?|left|still) open\b|\bopen (questions?|comparisons?)\b": "inconclusive",
    r"\bscatter(s|ed|ing)?\b": "differ, spread, standard deviation",
    r"\banew\b": "again",
    r"\blikewise\b": "also, too, or the thing itself",
    r"\bat hand\b": "there, installed, these",
    r"\bfrom memory\b": "the source",
    r"\bserves? for nothing\b": "only for",
    r"(?<!there )(?<!there\s)\b(is|are|was|were) no (?!more\b|longer\b|fewer\b|less\b)\w": "is not a",
    r"\bof (its|their|his|her|one's|a person's) own\b": "own, separate, custom",
    r"\bof your own\b": "custom, your own X",
    r"\bpersons?'s? own\b": "custom, user-defined",
    r"\bwhat (\w+ ){0,5}?(is|are|was|were|has|have|does|do|decides?|changed|follows?|remains?) (\w+ ){0,4}?(is|are|was|were)\b": "the noun",
    r"\b(stands?|stood|standing)\b(?!-)": "is, lies, appears",
    rf"{NOT_PERSONS}\bwho\b": "which, or the name",
    r"\b(data|results?|numbers?|tables?|rows?|columns?|cells?|seeds?|runs?|units?|intervals?|images?|examples?|files?|logs?|studies|study|verdicts?|which|that|it|they) (say|says|said)\b": "shows, names, has",
}
