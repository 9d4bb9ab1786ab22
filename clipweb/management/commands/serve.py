"""`manage.py serve`: everything that clipweb needs on one machine, until Ctrl-C."""

import logging
import logging.handlers
import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clipweb import checks, upkeep
from clipweb.supervisor.child import LOG_BYTES, Child
from clipweb.supervisor.orphans import end_orphans
from clipweb.supervisor.specs import build_specs
from clipweb.supervisor.state import AlreadyRunningError, DataFolderLock
from clipweb.supervisor.supervisor import StartError, Supervisor
from clipweb.supervisor.valkey import ServerNotFoundError


class Command(BaseCommand):
    help = "Runs the web server, the encoder, the queue workers and valkey on this machine until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--skip-prepare", action="store_true", help="Do not run `manage.py prepare` first."
        )
        parser.add_argument("--without-demo", action="store_true", help="Start with an empty gallery.")

    def handle(self, *args: Any, **options: Any) -> None:
        url = f"http://{settings.HOST}:{settings.PORT}/"
        lock = DataFolderLock(settings.DATA_DIR / "serve.lock")
        try:
            lock.take(url)
        except AlreadyRunningError as error:
            raise CommandError(
                f"clipweb is already running on {settings.DATA_DIR} at {error}. "
                "End it first, or choose another folder with CLIPWEB_DATA_DIR."
            ) from None
        try:
            self._serve(url, prepare=not options["skip_prepare"], demo=not options["without_demo"])
        except (StartError, ServerNotFoundError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:  # before the supervisor, which takes the signal itself
            raise CommandError("interrupted while preparing; the next start takes it up again") from None
        finally:
            lock.release()
        self._say("stopped")

    def _serve(self, url: str, *, prepare: bool, demo: bool) -> None:
        if count := end_orphans(settings.DATA_DIR):
            self._say(f"ended {count} processes left over from a crash")
        check_port_is_free(settings.HOST, settings.PORT)
        check_weights_are_there()
        log_to_file(settings.LOG_DIR)
        if prepare:
            call_command("prepare", without_demo=not demo, stdout=self.stdout, stderr=self.stderr)
        Supervisor(
            [Child(spec, log=settings.LOG_DIR / f"{spec.name}.log") for spec in build_specs()],
            url=url,
            state_file=settings.SERVE_STATE,
            upkeep=upkeep.run,
            say=self._say,
        ).run()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def check_port_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host} port {port}: {error.strerror}. "
                f"Choose another, for example with CLIPWEB_PORT={min(port + 1, 65535)}."
            ) from None


def check_weights_are_there() -> None:
    for problem in checks.weights_are_there(None):
        if problem.id == checks.CLIP_MISSING:
            raise CommandError(f"{problem.msg} {problem.hint}")


def log_to_file(folder: Path) -> None:
    """The supervisor's own log goes beside those of the processes; the terminal gets one line a stage."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "serve.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("{asctime} {levelname} {name}: {message}", style="{"))
    logging.getLogger().handlers = [handler]
