"""Finds what has to be done and has no task, and gives it one; clears away what has expired.
The rows are the truth.

The supervisor calls `run` every few seconds; where there is no supervisor, a schedule of the queue's calls it
every minute. Both at once do no harm.
"""

from django.utils.module_loading import import_string

STEPS = (
    "gallery.tasks.follow_encoder",
    "gallery.tasks.requeue_pending",
    "gallery.tasks.request_words",
    "gallery.tasks.discard_expired_uploads",
    "gallery.tasks.forget_query_pictures",
    "generator.tasks.requeue_stale",
    "generator.tasks.request_measurement",
    "gallery.tasks.request_background",
    "gallery.tasks.requeue_maps",
    "gallery.tasks.request_vocabulary",
    "gallery.tasks.discard_unused_vectors",
    "gallery.tasks.requeue_leaving",
    "gallery.tasks.requeue_sweeps",
)


def run() -> None:
    for step in STEPS:
        import_string(step)()
