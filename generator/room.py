"""Room on the disk. Where it is short the queue takes up nothing, and goes on by itself when there is some.

What shows it is the disk itself and, for a while after a file could not be written for want of room, a note
in the cache: quotas and the disks of other machines are not seen otherwise.
"""

import errno
import logging
import shutil

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError

from gallery.live import CONNECTION_ERRORS

logger = logging.getLogger(__name__)

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NOTE = "queue:no-room"
NOTED_SECONDS = 60  # then the queue tries again


def is_short() -> bool:
    return _is_noted() or shutil.disk_usage(settings.DATA_DIR).free < settings.JOB_MIN_FREE_BYTES


def is_want_of_room(error: BaseException) -> bool:
    """Whether this error says that something could not be written because there is no room for it."""
    if isinstance(error, OSError):
        return error.errno in FULL
    return isinstance(error, OperationalError) and "disk is full" in str(error)  # SQLite's words


def note(error: BaseException) -> None:
    """Let the queue wait for a while, on all machines."""
    logger.error("There is no room, so the queue waits: %s", error)
    try:
        cache.set(NOTE, True, NOTED_SECONDS)
    except CONNECTION_ERRORS as trouble:
        logger.warning("Other workers are not told of it: %s", trouble)


def _is_noted() -> bool:
    try:
        return bool(cache.get(NOTE))
    except CONNECTION_ERRORS:
        return False
