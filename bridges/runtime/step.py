"""The step in Celery's Worker blueprint that owns the links: `celery -A hub worker --links --site NAME -P threads`.

Not an endless task: an unacknowledged task is redelivered and an endless one blocks a slot. A step keeps running
while Redis is away, and is stopped in order on SIGTERM. It requires the pool, so that it stops first.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Celery, bootsteps
from celery.exceptions import ImproperlyConfigured
from click import Option
from django.conf import settings

from bridges.runtime.worker import LinkWorker

logger = logging.getLogger(__name__)

_POOLS_WITH_THREADS = ("threads", "solo")
EXIT_AFTER_DEATH = 70  # EX_SOFTWARE


class LinkStep(bootsteps.StartStopStep):
    """Starts and stops the LinkWorker with the Celery worker, if `--links` was given."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, links: bool = False, site: str | None = None, **options: Any) -> None:
        super().__init__(parent, **options)
        self.enabled = links
        self._site = site or settings.PATCHBAY_SITE
        self._worker: LinkWorker | None = None
        if links:
            _check_pool(parent)

    def start(self, parent: Any) -> None:
        """Start the links; they come up by themselves, also without Redis or database."""
        logger.info("starting links", extra={"site": self._site})
        self._worker = LinkWorker(self._site, on_death=_end_process)
        self._worker.start()

    def stop(self, parent: Any) -> None:
        """Stop the links cleanly."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()
            logger.info("links stopped", extra={"site": self._site})

    terminate = stop


def add_link_step(app: Celery) -> None:
    """Teach a Celery app the options `--links` and `--site` and the step behind them."""
    app.user_options["worker"].add(Option(["--links"], is_flag=True, help="Own serial and MQTT links in this worker."))
    app.user_options["worker"].add(Option(["--site"], default=None, help="The place whose serial ports it can reach."))
    app.steps["worker"].add(LinkStep)


def _check_pool(parent: Any) -> None:
    pool = getattr(parent, "pool_cls", None)
    name = getattr(pool, "__module__", str(pool)).rpartition(".")[2]
    if not any(name.startswith(known.removesuffix("s")) for known in _POOLS_WITH_THREADS):
        raise ImproperlyConfigured(f"--links needs a pool of threads: add '-P threads' (the pool is {name}).")


def _end_process(part: str) -> None:
    """A worker whose links are dead must not look alive. Nothing is lost: what is not committed comes again."""
    logger.critical("the %s died; the process ends", part)
    logging.shutdown()
    os._exit(EXIT_AFTER_DEATH)
