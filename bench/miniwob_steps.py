"""Steps an hour of MiniWoB's own environment, for `bench.rollouts`: runs in an environment that has `miniwob` 1.1.

It drives a Chromium by Selenium: MINIWOB_CHROME_BINARY and MINIWOB_CHROMEDRIVER name the two programs (Debian's
chromium-driver is a second package of the same version). Every episode is one step and a reset, which is in the time.
"""

import sys
import time

TASK = "miniwob/click-test-2-v1"


def main(steps: int) -> None:
    # In an environment of its own: where this program is only looked at, there is no such package.
    import gymnasium
    import miniwob
    from miniwob.action import ActionTypes

    gymnasium.register_envs(miniwob)
    env = gymnasium.make(TASK)
    observation, _ = env.reset(seed=0)
    started, reward = time.monotonic(), 0.0
    for _ in range(steps):
        (button,) = [each for each in observation["dom_elements"] if each["text"] == "ONE"]
        action = env.unwrapped.create_action(ActionTypes.CLICK_ELEMENT, ref=button["ref"])
        _, reward, _, _, _ = env.step(action)
        observation, _ = env.reset()
    spent = time.monotonic() - started
    env.close()
    if reward <= 0:
        sys.exit(f"{TASK}: the reward is {reward}; the steps did not do what they were to")
    print(3600 * steps / spent)


if __name__ == "__main__":
    main(int(sys.argv[1]))
