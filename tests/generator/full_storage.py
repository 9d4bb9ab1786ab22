"""A storage on a disk that is full."""

import errno
import os

from django.core.files.storage import FileSystemStorage


class FullStorage(FileSystemStorage):
    """Has room for `files` more files that a run cannot do without, and none for what comes after."""

    def __init__(self, *, files: int, **options) -> None:
        super().__init__(**options)
        self.files = files

    def _save(self, name, content):
        if self.files <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        if not name.startswith("frames/"):  # those are left out where there is no room for them
            self.files -= 1
        return super()._save(name, content)
