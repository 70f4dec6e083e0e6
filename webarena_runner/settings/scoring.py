"""How end states are judged, as settings."""

from typing import Literal

from webarena_runner.settings.described import Described

PageChecks = Literal["agent_tab", "fresh_tab"]
RulesName = Literal["webarena", "lite", "browsergym-lite", "visualwebarena"]


class ScoringSettings(Described):
    """How end states are judged. With every default as official; each switch corrects one thing."""

    rules: Literal["own"] | RulesName = "own"
    """whose evaluators: webarena, visualwebarena, lite (VisualAgentBench), browsergym-lite; own: the task set's

    They compare the same texts and addresses differently. A task is refused whose checks such rules do not know.
    """
    page_checks: PageChecks = "agent_tab"
    """pages to check open in the agent_tab (official) or each in a fresh_tab (libwebarena)

    In a fresh tab nothing of the agent's tab is left, such as its sessionStorage.
    """
    url_whole_segments: bool = False
    """/issues/1 does not match /issues/12; official: it does

    A URL matches when host and path segments of the reference are its first ones. Officially they may be anywhere in
    it.
    """
    url_one_loopback: bool = False
    """localhost and 127.0.0.1 are one host in URL checks; official: they are two

    So are the other spellings of this machine's loopback.
    """
    answer_alternatives: bool = False
    """' |OR| ' separates alternatives in answers too; official: only in page checks

    Officially task 386 can therefore not be passed.
    """
    numbers_by_value: bool = False
    """16 is not in 316, and 0 is in $0.00; officially it is the other way round

    A whole number that an answer must include is compared with the numbers in the answer. Officially it is a piece of
    text.
    """
    judge_negation: bool = False
    """a judge's 'not correct' is a no; official finds 'correct' in it

    So is 'not the same'.
    """
    judge_skip_thoughts: bool = False
    """a judge's verdict is outside its blocks of thoughts; official looks for its words in them too"""
    answers_stripped: bool = False
    """white space around an answer does not count; VisualWebArena and Lite: it does

    In WebArena it never counts.
    """
    whole_words: bool = False
    """cat is in (cat-like), not in cats; VisualWebArena and Lite: in neither, since they look among NLTK's tokens

    Of references that are one token. In page checks too.
    """
    strict_comparisons: bool = False
    """700 is not < 700; VisualWebArena: it is, since it adds its tolerance to both sides"""
    amounts_are_numbers: bool = False
    """$300 and 300.00 are numbers where values are compared; VisualWebArena: only 300 and 1,300 are"""
    all_requirements: bool = False
    """all that a page check requires has to hold; VisualWebArena: only the first kind of it

    Which is exact_match, else must_include, must_exclude, required_values, fuzzy_match.
    """
    all_image_queries: bool = False
    """all queries about a page's pictures have to hold; VisualWebArena: the last one of a task alone

    Unless an earlier one finds no picture, which fails there too.
    """
    fuzzy_alternatives: bool = False
    """' |OR| ' separates alternatives in fuzzy page checks; VisualWebArena: each has to hold"""
    texts_are_lists: bool = False
    """a text where a list of texts belongs is a list of one; Lite: its task 81 (old 349) can never be passed"""
