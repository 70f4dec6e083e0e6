"""The table of action kinds."""

from typing import get_args

from webarena_runner.actions.id_grammar import parse_action
from webarena_runner.actions.kinds import KINDS, VERBS
from webarena_runner.types import Action, Invalid


def test_every_kind_of_action_is_in_the_table_with_a_field_that_it_has() -> None:
    records = {record.model_fields["kind"].default: record for record in get_args(get_args(Action)[0])}
    assert set(KINDS) == set(records)
    named = {name: kind.argument for name, kind in KINDS.items() if kind.argument}
    assert {name: argument for name, argument in named.items() if argument not in records[name].model_fields} == {}


def test_a_verb_without_its_arguments_is_told_the_form_of_the_table() -> None:
    told = {verb: action.reason for verb in VERBS if isinstance(action := parse_action(verb), Invalid)}
    assert set(told) == {"click", "hover", "type", "press", "scroll", "goto", "tab_focus"}
    assert all(KINDS[verb].form in reason for verb, reason in told.items())
