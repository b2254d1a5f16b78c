"""How a process of the hub looks for cycles of dead objects: seldom, and never through what it was made of."""

from __future__ import annotations

import gc


def tame_garbage_collector() -> None:
    """To be called once all is loaded. Looking through what was loaded stood everything still for over 100 ms.

    Messages and requests make thousands of short-lived objects and hardly a cycle: in a worker, looking for them as
    often as Python does by itself cost a sixth of the messages.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
