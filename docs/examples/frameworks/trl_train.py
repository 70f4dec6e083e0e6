"""Trains a model by GRPO on tasks of a server: wa-run env serve --sessions 8

python trl_train.py MODEL 37 340 --generations 4 --steps 10
"""

import argparse

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer
from trl_environment import WebArena, rows


def train(given: argparse.Namespace) -> list[dict]:
    """What was measured in each step."""
    config = GRPOConfig(
        output_dir=given.out,
        max_steps=given.steps,
        learning_rate=given.learning_rate,
        num_generations=given.generations,
        # Each step has all rollouts of all tasks at once, in as many sessions.
        per_device_train_batch_size=given.generations * len(given.tasks),
        # To TRL a page is part of the completion, which ends where the next does not fit.
        max_completion_length=given.tokens,
        max_tool_calling_iterations=15,
        logging_steps=1,
        report_to="none",
        use_cpu=given.cpu,
        bf16=not given.cpu,
        seed=given.seed,
    )
    trainer = GRPOTrainer(
        given.model,
        args=config,
        train_dataset=Dataset.from_list(rows(given.tasks)),
        environment_factory=WebArena,
    )
    trainer.train()
    trainer.save_model()
    return [step for step in trainer.state.log_history if "reward" in step]


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("model")
    options.add_argument("tasks", type=int, nargs="+")
    options.add_argument("--generations", type=int, default=4)
    options.add_argument("--steps", type=int, default=10)
    options.add_argument("--learning-rate", type=float, default=1e-6)
    options.add_argument("--tokens", type=int, default=8192)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--cpu", action="store_true")
    options.add_argument("--out", default="trained")
    for number, step in enumerate(train(options.parse_args()), 1):
        print(
            f"step {number}: reward {step['reward']:.3f}, "
            f"{step['tools/call_frequency']:.1f} calls each, {step['step_time']:.0f} s"
        )
