"""Simulated programmes whose truth is known: does the model know how much it knows?"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from incognita_comparison.model.leniency import shoppers_of
from incognita_comparison.model.standing import Standings, standings
from incognita_comparison.model.training import train
from incognita_comparison.model.visits import Floats
from incognita_comparison.model.worlds import World, world, world_at_the_ceiling

WORLDS = 30
KINDS: dict[str, Callable[[int], World]] = {
    "8 visits a branch": world,
    "3 visits a branch": lambda seed: world(seed, visits=180),
    "branches drift": lambda seed: world(seed, drift_sd=3.0),
    "scores pile up at 100": world_at_the_ceiling,
    "branches differ little": lambda seed: world(seed, branch_sd=1.0),
    "branches do not differ": lambda seed: world(seed, branch_sd=0.0),
}


@dataclass(slots=True)
class Tally:
    """Sums over worlds."""

    inside: list[float] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    different: int = 0
    wrong: int = 0
    worlds_with_wrong: int = 0
    worlds_ranked: int = 0
    leniency: list[float] = field(default_factory=list)
    said_top: list[Floats] = field(default_factory=list)
    was_top: list[Floats] = field(default_factory=list)

    def add(self, made: World, found: Standings, leniency: Floats) -> None:
        """One world."""
        inside = (found.lower <= made.truth) & (made.truth <= found.upper)
        self.inside.append(float(inside.mean()))
        self.width.append(float((found.upper - found.lower).mean()))
        wrong, different = false_verdicts(made.truth, found)
        self.wrong += wrong
        self.different += different
        self.worlds_with_wrong += wrong > 0
        self.worlds_ranked += different > 0
        self.leniency.append(float(np.corrcoef(leniency, made.shopper)[0, 1]))
        top = np.zeros(len(made.truth))
        top[np.argsort(-made.truth)[: max(round(len(made.truth) / 4), 1)]] = 1
        self.said_top.append(found.top_quarter)
        self.was_top.append(top)


def false_verdicts(truth: Floats, found: Standings) -> tuple[int, int]:
    """Wrong ones, and all: a branch said to be worse than the leader of a group above its own."""
    wrong = different = 0
    for group in range(1, int(found.tie_group.max())):
        members = np.flatnonzero(found.tie_group == group)
        leader = members[np.argmax(found.estimate[members])]
        below = np.flatnonzero(found.tie_group > group)
        different += len(below)
        wrong += int((truth[below] >= truth[leader]).sum())
    return wrong, different


def main() -> None:
    """Print a line for each kind of world."""
    for name, make in KINDS.items():
        tally = Tally()
        for seed in range(WORLDS):
            made = make(1_000 + seed)
            trained = train(made.visits)
            tally.add(made, standings(trained, {}), shoppers_of(trained.fit).points)
        print(line(name, tally))
        print(f"{'':24} said to be in the top quarter / were: {calibration(tally)}")


def line(name: str, tally: Tally) -> str:
    """Coverage of the truth, false verdicts, leniency."""
    share = tally.wrong / tally.different if tally.different else 0.0
    return (
        f"{name:24} intervals hold the truth {np.mean(tally.inside):.1%}, "
        f"{np.mean(tally.width):.1f} points wide; {tally.different:,} verdicts "
        f"'different', wrong {share:.1%}; worlds with any verdict {tally.worlds_ranked}/{WORLDS}, "
        f"with a wrong one {tally.worlds_with_wrong}; leniency r {np.mean(tally.leniency):.2f}"
    )


def calibration(tally: Tally) -> str:
    """Mean probability said and share that was, in four ranges of the probability."""
    said, was = np.concatenate(tally.said_top), np.concatenate(tally.was_top)
    parts = []
    for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 0.8), (0.8, 1.01)):
        chosen = (said >= low) & (said < high)
        if chosen.sum() >= 20:
            parts.append(f"{said[chosen].mean():.2f}/{was[chosen].mean():.2f}")
    return "  ".join(parts)


if __name__ == "__main__":
    main()
