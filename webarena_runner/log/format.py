"""The format of run folders: its number, and what each file in a folder is.

    RUN/manifest.json                    what the run is; written first of all but `tasks.jsonl`, then when the run ends
    RUN/tasks.jsonl                      one line a chosen task: the official record (`raw`) and how we read it
    RUN/run.log                          one line an episode, for people
    RUN/status.json                      how the run stands, written by it every few seconds
    RUN/resets.jsonl                     one line a reset of shared sites; absent when there was none
    RUN/texts/SHA256.txt                 texts that many steps share: prompt file, instructions, examples
    RUN/episodes/TASK.TRIAL/             the latest attempt
        steps.jsonl                      one line a step, written as it happens
        step-000.jpeg ...                what the agent saw before the step
        last.json, last.jpeg             the last page, when no step was taken on it: a limit or an error came before
        task-0.png ...                   the pictures that belong to the task's intent
        picture-HASH.png ...             pictures that the episode was scored by, named by their content
        network.har                      the network log, written as it happens (--record har)
        trace.zip                        Playwright's trace (--record trace)
        result.json                      how it ended; absent when it was interrupted
    RUN/judge/QUESTION.json              what the judge said, by the checksum of all that it depends on
    RUN/rescored/NAME/                   the run scored again: by other rules, checks or another judge
        rescoring.json                   how, and how many passed
        episodes.jsonl                   one line an episode: score before and after, evidence, verdicts
        judge/QUESTION.json              what that judge said
    RUN/attempts/TASK.TRIAL.ATTEMPT/     earlier attempts that were interrupted or ended in an error

Every JSON record says its `format`; one without it is of format 0, the folders of version 0.1 and before. Records are
written as `types` has them, except:

- An observation has no key whose value is the default, and `nodes` is a base64 text of zlib data of JSON (`nodes`).
- A message of a step has `text` (checksum of a file in `texts/`) instead of `content` when it is long, or `before`,
  `page` and `after`: its content is `before`, the first `page` characters of the observation's text, and `after`.
- Texts of a result have `__SITE__` for what begins with a URL of its `site_urls` (`places`).

A reader takes keys that it does not know as not there. What cannot be read so gets the next format number, and the
records before it a function in `upgrade`.
"""

from typing import Any, Literal

FORMAT = 1
Kind = Literal["manifest", "task", "step", "page", "result", "reset"]
Raw = dict[str, Any]
