import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.models import Image, User
from gallery.models.people import is_moderator
from generator.engine.prompts import PromptError, Scene, parse_prompt, plain_text
from generator.engine.rhythm import Rhythm
from generator.engine.settings import LIMITS, MAX_PROMPT_CHARACTERS


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User | AnonymousUser) -> "JobQuerySet":
        """The one visibility rule for jobs, their frames and sockets: the owner, and moderators."""
        if not user.is_authenticated:
            return self.none()
        if is_moderator(user):
            return self
        return self.filter(owner=user)

    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.QUEUED, *Job.HELD])

    def waiting(self) -> "JobQuerySet":
        """For a run to take them up, be it only to stop them with what there is."""
        return self.filter(Q(state=Job.State.QUEUED) | Q(state=Job.State.STOPPING, claim=None))

    def running(self) -> "JobQuerySet":
        """Held by a run, be it one that is about to let go or one that fell silent."""
        return self.filter(state__in=Job.HELD).exclude(claim=None)

    def silent(self) -> "JobQuerySet":
        """Held by a run that has not been heard of for so long that it counts as dead."""
        stale = timezone.now() - timedelta(seconds=settings.JOB_HEARTBEAT_STALE)
        return self.running().filter(heartbeat_at__lt=stale)

    def ended(self) -> "JobQuerySet":
        return self.filter(state__in=Job.ENDED)


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: User | AnonymousUser) -> "BatchQuerySet":
        """As its jobs: the owner, and moderators."""
        if not user.is_authenticated:
            return self.none()
        return self if is_moderator(user) else self.filter(owner=user)


class Batch(models.Model):
    """Jobs that were asked for at once and differ by row and column, to be looked at beside each other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="batches")
    # What a row or column has in common: the name of its setting, "" for none, and the value of each.
    row_setting = models.CharField(max_length=40, blank=True)
    row_values = models.JSONField(default=list)
    column_setting = models.CharField(max_length=40, blank=True)
    column_values = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BatchQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.row_setting} × {self.column_setting}"

    def get_absolute_url(self) -> str:
        return reverse("generator:batch", args=[self.id])


class Job(models.Model):
    """A picture to be made from a prompt. Every change of state is one conditional update (see jobs.py)."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being made")
        STOPPING = "stopping", _("Being stopped")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    # States in which a run may hold the job; a paused one is held until its run has put the work down.
    HELD = (State.RUNNING, State.STOPPING, State.PAUSED)
    ENDED = (State.DONE, State.FAILED, State.CANCELLED)

    class Kind(models.TextChoices):
        NEW = "new", _("New")
        CONTINUED = "continued", _("Continued")
        REMIXED = "remixed", _("Changed and made again")

    class Failure(models.TextChoices):
        """Why a job failed, as the person who asked for the picture is told; `error` has the details."""

        MODELS = "models", _("The models that make pictures could not be loaded. An administrator can help.")
        SETTINGS = "settings", _("These settings do not fit the model that makes pictures.")
        PICTURE = (
            "picture",
            _("A picture that this was to be made from is gone, or you may no longer see it."),
        )
        PERCEPTOR = (
            "perceptor",
            _("A CLIP model that was to judge this picture is no longer here. Choose others, and ask again."),
        )
        ENGINE = "engine", _("Something went wrong while the picture was being made.")
        STORAGE = "storage", _("The finished picture could not be stored.")
        ATTEMPTS = "attempts", _("The making was interrupted several times in a row, so it was given up.")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs", verbose_name=_("owner")
    )
    prompt = models.CharField(_("prompt"), max_length=MAX_PROMPT_CHARACTERS)
    seed = models.PositiveBigIntegerField(
        _("seed"), validators=[MinValueValidator(LIMITS["seed"][0]), MaxValueValidator(LIMITS["seed"][1])]
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.NEW)
    parent = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("made from"),
    )
    batch = models.ForeignKey(Batch, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs")
    batch_row = models.PositiveSmallIntegerField(default=0)
    batch_column = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveIntegerField(_("steps"))
    schedule_steps = models.PositiveIntegerField(default=0)  # see GenerateSettings
    width = models.PositiveIntegerField(_("width"))  # pixels
    height = models.PositiveIntegerField(_("height"))
    options = models.JSONField(
        _("options"), default=dict, blank=True
    )  # of the engine, where not its defaults
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    failure = models.CharField(_("reason"), max_length=10, choices=Failure.choices, blank=True)
    error = models.CharField(_("details"), max_length=300, blank=True)
    step = models.PositiveIntegerField(_("step"), default=0)  # the newest finished step
    loss = models.FloatField(_("loss"), null=True, blank=True)
    losses = models.JSONField(default=list, blank=True, editable=False)  # [step, loss], see curves.py
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)  # runs since it last got further
    claim = models.UUIDField(null=True, blank=True, editable=False)  # the run that holds the job
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    checkpoint = models.CharField(max_length=200, blank=True)  # name in the default storage
    checkpoint_step = models.PositiveIntegerField(default=0)
    state_bytes = models.PositiveBigIntegerField(default=0)  # of the state that a finished job keeps
    # Jobs may share a picture: the same words and seed give the same bytes, of which a person keeps one copy.
    image = models.ForeignKey(
        Image,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("picture"),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    enqueued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    # Whose turn it is (see turns.py): when the owner's turn fell on this job, and whether it still does.
    served_at = models.DateTimeField(null=True, blank=True)
    holds_turn = models.BooleanField(default=False)
    place = models.PositiveIntegerField(null=True, blank=True)  # among the owner's, where these were arranged
    first_at = models.DateTimeField(null=True, blank=True)  # when a moderator put it before all others
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="job_by_owner"),
            models.Index(fields=["state", "heartbeat_at"], name="job_unfinished"),
        ]

    def __str__(self) -> str:
        return self.prompt

    def get_absolute_url(self) -> str:
        return reverse("generator:job", args=[self.id])

    @property
    def picture(self) -> Image | None:
        """The finished picture: None before, and when it was deleted since, be it only to the trash."""
        return self.image if self.image and self.image.trashed_at is None else None

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """How the engine reads the prompt; nothing where that says no more than its words do."""
        try:
            return parse_prompt(self.prompt) if plain_text(self.prompt) != self.prompt else ()
        except PromptError:  # asked for before prompts had a notation
            return ()

    @property
    def zooming(self) -> Rhythm:
        return Rhythm(self.options.get("zoom_every", 0), self.options.get("zoom_start", 0))

    @property
    def has_zoomed(self) -> bool:
        return self.zooming.has_begun(self.step)

    @property
    def is_finished(self) -> bool:
        return self.state in Job.ENDED

    @property
    def is_arrangeable(self) -> bool:
        """Whether its owner's order says when it comes: it waits, and nothing else puts it before others."""
        return self.state == Job.State.QUEUED and not self.holds_turn and self.first_at is None

    @property
    def may_stop(self) -> bool:
        """Whether there is, or will be with the next step, a picture to stop with."""
        has_begun = bool(self.claim or self.checkpoint)
        return has_begun and self.state in {Job.State.QUEUED, Job.State.RUNNING, Job.State.PAUSED}


class Pace(models.Model):
    """How long a step takes here, as measured, for all jobs whose steps cost the same (see estimates.py)."""

    work = models.CharField(max_length=80, unique=True)
    seconds = models.FloatField()  # a step, a moving mean
    memory = models.PositiveBigIntegerField(
        null=True
    )  # bytes that the worker took at the most, the last time
    measured_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.work}: {self.seconds:.3g} s a step"


class KeptFrame(models.Model):
    """A preview that stays, as a WebP file in the default storage (see filmstrip.py). Whoever may see the job
    may see it. Jobs that go on from another share its files, as long as that one's picture is there."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="frames")
    # Of a job that goes on from another: the picture that the frame first led to, with which it goes.
    source = models.ForeignKey(Image, on_delete=models.CASCADE, null=True, related_name="shared_frames")
    step = models.PositiveIntegerField()
    loss = models.FloatField()
    name = models.CharField(max_length=200, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "step"], name="frame_once_a_step")]

    def __str__(self) -> str:
        return f"{self.job_id}, step {self.step}"


class TimeLapse(models.Model):
    """A job's filmstrip as one file, made on request and kept for a day (see time_lapses.py)."""

    class Format(models.TextChoices):
        WEBP = "webp", _("WebP animation")
        GIF = "gif", _("GIF animation")
        MP4 = "mp4", _("MP4 video")

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="time_lapses")
    format = models.CharField(max_length=4, choices=Format.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    name = models.CharField(max_length=200, blank=True, db_index=True)
    byte_size = models.PositiveBigIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "format"], name="time_lapse_once_a_format")]

    def __str__(self) -> str:
        return f"{self.job_id} as {self.format}"
