"""What the missed duplicates and the false merges are: python benchmarks/dedupe/habits.py [SIZE]."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

from synthetic_records import Synthetic, synthetic_records

from evergrove.records import Deduplicated, deduplicate

SIZE = 100_000


def missed(made: Synthetic, labels: list[int]) -> dict[int, int]:
    """Return the records that stand apart from most of their publication -> one of that most."""
    rows = defaultdict(list)
    for row, number in enumerate(made.truth):
        rows[number].append(row)
    found = {}
    for held in rows.values():
        ((most, _),) = Counter(labels[row] for row in held).most_common(1)
        one = next(row for row in held if labels[row] == most)
        found |= {row: one for row in held if labels[row] != most}
    return found


def what_became(made: Synthetic, found: Deduplicated, pairs: dict[int, int]) -> Counter[str]:
    """Return how many missed records went to a person, were linked, or were passed over."""
    ids = made.columns["id"]
    told = {
        frozenset((pair.left, pair.right)): f"{what}, {pair.rule}"
        for what, explained in (("to a person", found.uncertain()), ("linked", found.related()))
        for pair in explained
    }
    return Counter(told.get(frozenset((ids[row], ids[one])), "passed over") for row, one in pairs.items())


def main() -> None:
    """Print both tables."""
    made = synthetic_records(int(sys.argv[1]) if sys.argv[1:] else SIZE)
    found = deduplicate(made.columns)
    labels = found.labels().tolist()
    pairs = missed(made, labels)
    sizes = Counter(made.truth)
    surplus = sum(size - 1 for size in sizes.values())
    print(f"{len(labels)} records, {len(pairs)} of {surplus} surplus records missed")
    for what, count in what_became(made, found, pairs).most_common():
        print(f"  {count} {what}")
    print("\n| habit | records of publications with several | of these missed | share |\n|---|---|---|---|")
    had = Counter(
        habit for row, told in enumerate(made.happened) if sizes[made.truth[row]] > 1 for habit in told
    )
    lost = Counter(habit for row in pairs for habit in made.happened[row])
    for habit, count in sorted(had.items(), key=lambda item: -lost[item[0]] / item[1]):
        print(f"| {habit} | {count} | {lost[habit]} | {lost[habit] / count:.3f} |")
    held = defaultdict(set)
    for row, label in enumerate(labels):
        held[label].add(made.truth[row])
    false = Counter(
        made.twins.get(number, "none") for numbers in held.values() for number in sorted(numbers)[1:]
    )
    print("\n| neighbour | pairs | falsely merged |\n|---|---|---|")
    for kind, count in Counter(made.twins.values()).most_common():
        print(f"| {kind} | {count // 2} | {false[kind]} |")


if __name__ == "__main__":
    main()
