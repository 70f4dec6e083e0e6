"""The columns of the frames: what each holds, in what unit and of what dtype."""

from dataclasses import dataclass

TEXT, COUNT, NUMBER, FLAG, TIME, CHOICE = "string", "Int64", "float64", "boolean", "datetime64[us, UTC]", "category"
# Numbers, or texts where the task file has texts: of which dtype, the runs say.
ID = "int64 or string"
BECAME = ("passed", "failed", "errored", "not run")


@dataclass(frozen=True)
class Column:
    """`key` is where the value is in a line of the exporter `jsonl`, "" where it is none of a line."""

    name: str
    dtype: str
    meaning: str
    key: str = ""


def _of(name: str, dtype: str, meaning: str, key: str = "") -> Column:
    return Column(name, dtype, meaning, key or name)


STEP_PARTS = ("agent", "queue", "execute", "settle", "observe", "screenshot")
# `browser` is what earlier versions had for `context` and `start_page`.
EPISODE_PARTS = (
    "lease",
    "login",
    "context",
    "browser",
    "start_page",
    "first_observation",
    *STEP_PARTS,
    "log",
    "evaluate",
    "close",
)
KEYS = (
    _of("run_id", TEXT, "the run: the name of its folder"),
    _of("task_id", ID, "the task; with `run_id` and `trial` the key of every frame"),
    _of("trial", COUNT, "from 0"),
)
TASKS = (
    *KEYS,
    _of("task_set", TEXT, "of which set the task is"),
    _of("model", TEXT, "model file of the run"),
    _of("agent", TEXT, "agent of the run"),
    _of("profile", TEXT, "profile of the run"),
    _of("judge", TEXT, "judge of the run; empty without one"),
    _of("sites", TEXT, "sites of the task, joined by `+`"),
    _of("template_id", COUNT, "intent template; missing where the task has none"),
    _of("intent", TEXT, "what the agent is asked; missing in folders of format 0"),
    Column("evaluators", TEXT, "kinds of the task's checks, joined by `+`; missing in folders of format 0"),
    Column("achievable", FLAG, 'whether the reference answer is another than "N/A"; missing in folders of format 0'),
    Column("became", CHOICE, "`passed`, `failed`, `errored` or `not run`"),
    _of("value", NUMBER, "score in [0, 1]; missing when it errored or has not run"),
    _of("why", TEXT, "why it has not passed"),
    _of("ending", TEXT, "how the episode ended, such as `answered` or `step_limit`; missing when it has not run"),
    _of("error_class", TEXT, "of an error: model, browser, site, login, judge, overload, timeout, internal", "failure.error_class"),
    _of("answer", TEXT, "the agent's answer"),
    _of("final_url", TEXT, "where it ended, as `__SITE__` and path"),
    _of("attempt", COUNT, "which attempt it is, from 1"),
    _of("steps", COUNT, "steps taken"),
    _of("busy_steps", COUNT, "of these, those to a page that was still busy when the wait for it ended"),
    _of("starved_steps", COUNT, "of these, those to a page that was read too early, since the machine was too busy"),
    _of("prompt_tokens", COUNT, "tokens of all prompts, by the server's count"),
    _of("completion_tokens", COUNT, "tokens of all replies"),
    _of("cached_tokens", COUNT, "of the prompt tokens, those in the server's prefix cache"),
    _of("cost_usd", NUMBER, "US dollars of this attempt, the judge's share included; missing without prices"),
    _of("wall_s", NUMBER, "seconds that the episode took"),
    _of("started_at", TIME, "when it began"),
    *(
        _of(f"{part}_ms", NUMBER, f"milliseconds of part `{part}`", f"timings_ms.{part}")
        for part in EPISODE_PARTS
    ),
)
STEPS = (
    *KEYS,
    _of("index", COUNT, "from 0"),
    _of("started_at", TIME, "when the step began"),
    _of("url", TEXT, "address of the page before the action"),
    _of("observation", TEXT, "what the agent saw before the action, as text"),
    _of("action", TEXT, "kind of the action, such as `click`; `invalid` where the reply has none", "action.kind"),
    _of("action_text", TEXT, "the action in words, as the next prompt has it"),
    _of("action_error", TEXT, "what did not work; empty when it worked"),
    _of("element_id", TEXT, "which element it was done to", "acted_on.element_id"),
    _of("element", TEXT, "its line in the observation", "acted_on.line"),
    _of("reply", TEXT, "the model's reply; missing without a model", "reply.text"),
    _of("finish_reason", TEXT, "why the reply ended, by the server", "reply.finish_reason"),
    _of("prompt_tokens", COUNT, "tokens of the prompt", "reply.prompt_tokens"),
    _of("completion_tokens", COUNT, "tokens of the reply", "reply.completion_tokens"),
    _of("cached_tokens", COUNT, "of the prompt tokens, those in the server's prefix cache", "reply.cached_tokens"),
    _of("cost_usd", NUMBER, "US dollars of the reply", "reply.cost_usd"),
    _of("latency_s", NUMBER, "seconds until the reply was there, retries included", "reply.latency_s"),
    *(
        _of(f"{part}_ms", NUMBER, f"milliseconds of part `{part}`", f"timings_ms.{part}")
        for part in STEP_PARTS
    ),
    _of("screenshot", TEXT, "picture of the page before the action: path below the run's folder"),
)
SCORES = (
    *KEYS,
    Column("evaluator", TEXT, "which evaluator: a row for each that scored the episode"),
    Column("value", NUMBER, "its score in [0, 1]; the episode's is their product"),
    Column("explanation", TEXT, "what it found, where that is not what was expected"),
    Column("flags", TEXT, "such as `judge_unclear`, joined by `, `"),
    Column("verdicts", COUNT, "replies of the judge that it rests on"),
    Column("kept_verdicts", COUNT, "of these, kept from the same question asked before"),
)
