"""Compares forecasts of `anykeras check` with what genuine stacks did, and writes the list of traits that were met.

    python scripts/evaluate_check.py FATES ... [--right MATRIX ...] [--corpus FOLDER] [--apart LIST] [--met]

FATES are folders of ``RELEASE.jsonl`` as ``scripts/measure_check.py`` writes them in each stack. Counts are printed by forecast
and fate, then every forecast that was wrong. With `--met` the traits of all files that opened are added to
``checking/met.json``: those of FATES, of the files that ``scripts/matrix.py`` found right (`--right`, its folders), and of
a corpus whose index says that a file's own stack reloaded it. Files named in `--apart` are left out, so that a sample of them
is held out.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anykeras import pipeline
from anykeras.catalog.releases import RELEASES, Release, find_release
from anykeras.checking.forecast import Content
from anykeras.checking.reading import forecast
from anykeras.checking.traits import list_traits
from anykeras.errors import AnyKerasError

MET = Path(__file__).parents[1] / "src" / "anykeras" / "checking" / "met.json"
TIMED_OUT = "CRASH 14"  # by the alarm of measure_check
Pair = tuple[str, Release]


def read_fates(folder: Path) -> Iterator[tuple[Pair, dict[str, Any]]]:
    """What became of each file in each release."""
    for path in sorted(folder.glob("*.jsonl")):
        release = find_release(path.stem)
        for line in path.read_text().splitlines():
            said = json.loads(line)
            if release is not None and not said.get("error", "").startswith(TIMED_OUT):
                yield (said["file"], release), said


def read_right(folder: Path) -> Iterator[Pair]:
    """The converted files that opened in the stack that they were made for."""
    for report in folder.glob("*.json"):
        release = find_release(re.sub(r"\.(h5|keras)$", "", report.stem))
        right = json.loads(report.read_text()).get("right", ()) if release is not None and release.boxes else ()
        for name in right:
            stem = re.sub(r"\.(h5|keras)$", "", name)
            yield from ((str(path), release) for path in report.with_suffix("").glob(f"{stem}.*") if release is not None)


def read_reloaded(corpus: Path) -> Iterator[Pair]:
    """The files that their own stack reloaded; the cell is named by it: ``py37tf23-tfkeras-tf``, ``now311-keras-jax``."""
    for line in json.loads((corpus / "INDEX.json").read_text()):
        tensorflow = re.match(r"py\d+tf(\d)(\d+)-tfkeras", line["cell"])
        name = f"tf.keras-{tensorflow[1]}.{tensorflow[2]}" if tensorflow else f"keras-{line['keras']}"
        release = find_release(name) if tensorflow or "-keras" in line["cell"] else None
        model = line["file"].endswith((".h5", ".keras")) and not line["file"].endswith(".weights.h5")
        if release is not None and model and (line["own_reload"] or {}).get("plain") == "ok":
            yield str(corpus / line["file"]), release


def compare(fates: dict[Pair, dict[str, Any]]) -> None:
    """Counts, and what was wrong."""
    counts: Counter[str] = Counter()
    wrong = []
    for (name, release), fate in fates.items():
        try:
            said = forecast(pipeline.read(name), release)
        except (AnyKerasError, FileNotFoundError):
            counts["not read"] += 1
            continue
        word = {True: "opens", False: "no", None: "not sure"}[said.opens]
        counts[f"{word}: {'opened' if fate['opens'] else 'did not'}"] += 1
        if said.opens is not None and said.opens != fate["opens"]:
            why = said.obstacles[0].reason if said.obstacles else fate["error"][:300]
            wrong.append(f"    said {word}, {release} {name}: {why}")
    print(json.dumps(dict(sorted(counts.items()))), sum(counts.values()))
    print("\n".join(wrong))


def write_met(pairs: set[Pair]) -> None:
    """Adds the traits of the files, with the releases that each was met in as bits; what was met once stays."""
    place = {release: number for number, release in enumerate(RELEASES)}
    by_file: dict[str, list[Release]] = defaultdict(list)
    for name, release in pairs:
        by_file[name].append(release)
    known = json.loads(MET.read_text())
    old = {name: place for place, name in enumerate(known["releases"])}
    met: Counter[str] = Counter()
    for trait, bits in known["met"].items():
        met[trait] = sum(1 << place[release] for release in RELEASES if int(bits, 16) >> old.get(str(release), 999) & 1)
    for name, releases in sorted(by_file.items()):
        try:
            content = Content(pipeline.read(name))
        except (AnyKerasError, FileNotFoundError):
            continue
        for release in releases:
            for trait in list_traits(content, release):
                met[trait] |= 1 << place[release]
    rows = ",\n".join(f"{json.dumps(trait)}:{json.dumps(f'{bits:x}')}" for trait, bits in sorted(met.items()))
    MET.write_text(f'{{"releases":{json.dumps([str(r) for r in RELEASES])},"met":{{\n{rows}}}}}\n')
    print(f"{len(met)} traits of {len(by_file)} files in {len(pairs)} pairs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fates", type=Path, nargs="*")
    parser.add_argument("--right", type=Path, nargs="*", default=())
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--apart", type=Path)
    parser.add_argument("--met", action="store_true")
    given = parser.parse_args()
    fates = {pair: fate for folder in given.fates for pair, fate in read_fates(folder)}
    if given.met:
        opened = {pair for pair, fate in fates.items() if fate["opens"]}
        opened |= {pair for folder in given.right for pair in read_right(folder)}
        opened |= set(read_reloaded(given.corpus)) if given.corpus is not None else set()
        apart = set(given.apart.read_text().splitlines()) if given.apart is not None else set()
        write_met({pair for pair in opened if pair[0] not in apart})
    compare(fates)


if __name__ == "__main__":
    main()
