"""A worker process: jobs as lines of JSON on standard input, outcomes on standard output."""

from __future__ import annotations

import json
import os
import sys
import tempfile


def limit_memory(most: int) -> None:
    """Let the process have at most so many bytes of address space, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def warm_up() -> None:
    """Go once through a model of one layer, so that what is imported when it is needed is imported before the first file."""
    from .one_file import process

    config = {"layers": [{"class_name": "Dense", "config": {"name": "dense", "units": 1, "batch_input_shape": [None, 1]}}]}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"class_name": "Sequential", "config": config, "keras_version": "2.3.1"}, file)
        process({"path": path})


def main(memory: int) -> None:
    """Work until the input ends."""
    # A model on a line of its own: what anything prints meanwhile goes to standard error.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    from .one_file import process

    if memory:
        limit_memory(memory)
    warm_up()
    print("{}", file=answers, flush=True)  # ready: the time of a file does not include that of our imports
    for line in sys.stdin:
        try:
            answer = process(json.loads(line))
        except Exception as error:  # a bug of ours in one file must not end the others
            path = json.loads(line)["path"]
            answer = {
                "path": path,
                "status": "crashed",
                "refusal_code": "AK6009",
                "refusal": f"{type(error).__name__}: {error}",
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
