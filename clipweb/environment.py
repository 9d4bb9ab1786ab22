"""How settings are read from environment variables, with a clear message for what cannot be read."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from clipweb.limits import Limits


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "")
    if not value:
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: write 1 or 0.")


def env_int(name: str, default: int, *, low: int, high: int) -> int:
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number.") from None
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name}={number}: must be from {low} to {high}.")
    return number


def env_choice(name: str, choices: Sequence[str]) -> str:
    """The first of the choices when nothing is set."""
    value = os.environ.get(name, "") or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: write {' or '.join(choices)}.")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    value = os.environ.get(name, "")
    return [item.strip() for item in value.split(",") if item.strip()] if value else default


def env_rates(name: str, defaults: Limits) -> Limits:
    """Limits as (times, seconds) or None: `searches=60/60, jobs=off`. What is not named stays as it is."""
    rates = dict(defaults)
    for item in env_list(name, []):
        what, _equals, limit = item.partition("=")
        times, _slash, seconds = limit.partition("/")
        if what not in defaults:
            raise ImproperlyConfigured(f"{name}: there is no {what!r}, only {', '.join(defaults)}.")
        if limit != "off" and not (times.isdecimal() and seconds.isdecimal() and int(times) * int(seconds)):
            raise ImproperlyConfigured(f"{name}: write {what}=TIMES/SECONDS or {what}=off.")
        rates[what] = None if limit == "off" else (int(times), int(seconds))
    return rates


def read_or_create_secret(path: Path) -> str:
    """The secret key of this installation, made once and readable by its owner alone.

    Created under a temporary name and linked into place, so that two processes that start
    together on an empty folder agree on one key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(get_random_secret_key())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # the other process was first; its key is the one
        finally:
            draft.unlink()
    return path.read_text().strip()
