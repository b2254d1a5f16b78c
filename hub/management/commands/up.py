"""`manage.py up`: the whole hub in one terminal, with the embedded defaults and a live demo."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.config_sources import ConfigFault
from hub.up.embedded import PartMissing
from hub.up.plan import Plan
from hub.up.runner import PartFailed, Runner


class Command(BaseCommand):
    """Ends with code 0 on Ctrl-C or SIGTERM, leaving nothing running; 1 if a part does not come up."""

    help = "Start the whole hub: Redis, brokers for the demo, a worker with links, the scheduler and the web server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the web page; if taken, the next free one")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for the whole network")
        parser.add_argument("--no-demo", action="store_true", help="start empty, without simulated devices and brokers")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan(host=options["host"], wanted_port=options["port"], has_demo=not options["no_demo"])
        runner = Runner(plan.logs, self._say)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: runner.stopping.set())
        try:
            login = plan.prepare()
            runner.start(plan.servers())
            runner.start(plan.hub())
            if not runner.stopping.is_set():
                self._welcome(plan.address, login.name, login.password, plan=plan)
                runner.watch()
        except (ConfigFault, PartFailed, PartMissing) as fault:
            raise CommandError(str(fault)) from None
        finally:
            self._say("stopping")
            runner.stop()
            self._say("stopped")

    def _welcome(self, address: str, name: str, password: str, *, plan: Plan) -> None:
        self._say(f"\nPatchbay runs at {address}")
        if plan.other_port:
            self._say(plan.other_port)
        self._say(f"Log in as {name}" + (f" with the password {password}" if password else " with your own password"))
        if plan.has_demo:
            self._say("The devices and the two brokers of the demo are simulated; --no-demo starts without them.")
        self._say(f"Logs are in {plan.logs.parent}. Ctrl-C ends everything.\n")

    def _say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
