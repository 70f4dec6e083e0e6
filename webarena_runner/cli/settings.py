"""One line on each setting that a profile may hold: what it does, and what official does where that is a choice."""

AGENT = {
    "agent": "agent plug-in; a default, which --agent overrides",
    "prompt": "prompt file; a default, which --prompt overrides",
}
OBSERVATION = {
    "observation.mode": "what the model reads: accessibility_tree (official default) or html",
    "observation.viewport_only": "only what is scrolled into view; official runs force it on",
    "observation.max_tokens": "the page is cut after so many tokens; official 1920",
    "observation.ax_properties": "published: properties as in the published prompts; browser: newer ones too",
    "observation.ids": "browser: Chromium's own, as official; stable: by first appearance, equal in every run",
}
ACTIONS = {
    "actions.action_set": "id: click [12]; playwright: page.get_by_role(...).click(); published official runs use id",
    "actions.lenient_syntax": "understand [id=5], Click [5], press [Ctrl+v], several lines; official does not",
    "actions.url_mapping": "public URLs become the sites' own in the whole_action (official) or in the address",
    "actions.show_errors": "the next prompt says why the last action did nothing; official never tells the model",
    "actions.playwright_quirks": "drop arguments of click etc., press by focus, stop by double quotes: official",
}
LIMITS = {
    "limits.max_steps": "steps in an episode; official 30",
    "limits.parse_failures": "unreadable replies in a row that end it; official 3",
    "limits.repeated_actions": "equal actions in a row, or typing actions anywhere, that end it; official 3",
    "limits.type_equality": "typing actions are equal by element (official: whatever the text) or by element_and_text",
    "limits.stop_at_repeated_scrolls": "scrolls the same way are equal actions; official: yes, three end the episode",
    "limits.episode_timeout_s": "seconds until an episode ends as an error; official has no limit",
    "limits.retries": "times an episode that ended in an error is run again; official: none",
    "limits.stop_after_errors": "errors in a row that stop the run; official goes on",
    "limits.max_cost_usd": "US dollars that the run may cost, by the prices in the model files; null: no limit",
}
SAMPLING = {
    "sampling.temperature": "official 1.0; a model file may set its own",
    "sampling.top_p": "official 0.9",
    "sampling.max_tokens": "tokens of a reply; official 384",
    "sampling.stop": "texts that end a reply; official: none for chat models",
    "sampling.seed": "the server's sampling seed; official: none",
}
BROWSER = {
    "browser.headless": "without a window, as official",
    "browser.executable": "path of Chrome or Chromium; none: find one, without a window a headless shell first",
    "browser.viewport_width": "CSS pixels; official 1280",
    "browser.viewport_height": "CSS pixels; official 720",
    "browser.navigation_timeout_s": "seconds until a page counts as not loading; official 30",
    "browser.observation_timeout_s": "seconds until a page counts as not readable; official has no limit",
    "browser.recycle_after": "episodes until Chromium is started afresh; official: one",
    "browser.screenshots": "keep a picture of each step for the log; official does",
    "browser.follow_new_tabs": "go to a tab that a page opens; official stays (VisualWebArena goes there)",
}
SETTLE = {
    "settle.mode": "after an action: wait until the page is quiet, or official: sleep 2 s",
    "settle.limit_s": "seconds that waiting may take at most",
}
SCORING = {
    "scoring.page_checks": "pages to check open in the agent_tab (official) or a fresh_tab (libwebarena)",
    "scoring.url_whole_segments": "/issues/1 does not match /issues/12; official: it does",
    "scoring.answer_alternatives": "' |OR| ' separates alternatives in answers too; official: only in page checks",
    "scoring.numbers_by_value": "16 is not in 316, and 0 is in $0.00; official compares texts",
    "scoring.judge_negation": "a judge's 'not correct' is a no; official finds 'correct' in it",
}
REST = {
    "judge.model": "model file of the judge; --judge overrides it; official: gpt-4-1106-preview",
    "workers": "episodes at a time; --workers overrides it",
    "trials": "times each task is run; --trials overrides it",
    "seed": "seed of sample:N and of the run; --seed overrides it",
}
EXPLANATIONS = AGENT | OBSERVATION | ACTIONS | LIMITS | SAMPLING | BROWSER | SETTLE | SCORING | REST
