"""`python -m chaos [--seconds N] [--messages N] [--seed N]`: breaks a hub under load, and counts what was lost."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence

from chaos.count import table
from chaos.plan import Fault, draw
from chaos.run import Outcome, run

SECONDS, MESSAGES = 120.0, 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Ends with 1 if anything was lost, or taken twice at QoS 2, or if the ledger does not balance."""
    options = _parser().parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"{options.messages:,} messages in {options.seconds:g} s; again the same faults: --seed {seed}", flush=True)
    kinds = [Fault[name.upper()] for name in options.faults or ()] or list(Fault)
    steps = draw(seed, options.seconds, kinds)
    outcome = run(steps, messages=options.messages, seconds=options.seconds, say=lambda words: print(words, flush=True))
    print(_report(outcome))
    return 0 if outcome.is_good else 1


def _report(outcome: Outcome) -> str:
    lines = ["", *(f"{count:4} x {fault}" for fault, count in outcome.faults.items()), "", table(outcome.tallies), ""]
    if not outcome.is_at_rest:
        lines.append("It did not come to rest in time: what is missing may only be late.")
    lines += ["The ledger balances." if not outcome.imbalances else "The ledger does not balance:", *outcome.imbalances]
    return "\n".join([*lines, f"{outcome.took_s:.0f} s in all"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of load and faults; the count comes behind")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="half at QoS 1, half at QoS 2")
    parser.add_argument(
        "--faults", nargs="+", choices=[kind.name.lower() for kind in Fault], help="only these; none given: all"
    )
    parser.add_argument("--seed", type=int, help="of the faults; none: another one at each run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
