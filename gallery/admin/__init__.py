"""Django's admin, a module a subject. Nothing here changes anything past the functions that the pages use."""

from gallery.admin import cases, log, people, pictures, policies, sanctions

__all__ = ["cases", "log", "people", "pictures", "policies", "sanctions"]
