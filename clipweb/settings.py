"""Settings of clipweb. Every environment variable is read here, and only here; the README lists them.

Without any variable set the app runs on one machine: SQLite, files under var/, and the valkey server,
encoder and queue workers that `manage.py serve` starts beside the web process.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from clipweb import browser_policy
from clipweb.environment import env_bool, env_choice, env_int, env_list, env_rates, read_or_create_secret
from clipweb.limits import DEFAULT_LIMITS
from clipweb.registry.chosen import ChoiceError, clip_settings, read_choice, vqgan_settings

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("CLIPWEB_DATA_DIR") or BASE_DIR / "var").resolve()
RUN_DIR = Path(os.environ.get("CLIPWEB_RUN_DIR") or DATA_DIR / "run").resolve()  # sockets and state files
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    RUN_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
except OSError as error:
    raise ImproperlyConfigured(
        f"{error.filename} cannot be made ({error.strerror}): choose another folder with CLIPWEB_DATA_DIR."
    ) from None
LOG_DIR = DATA_DIR / "logs"  # one file a process, kept short by `serve`
SERVE_STATE = RUN_DIR / "serve.json"  # written by `serve`: its processes, for the status page

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = os.environ.get("SECRET_KEY") or read_or_create_secret(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", [])  # earlier ones, which still read what they signed
HOST = os.environ.get("CLIPWEB_HOST") or "127.0.0.1"
PORT = env_int("CLIPWEB_PORT", 8000, low=1, high=65535)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", [])
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES", [])  # whose X-Forwarded-* headers the web process believes

INSTALLED_APPS = [
    "clipweb",  # first: its qcluster command stands before django_q's
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # so that templates/django/forms/field.html is found
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_q",
    "generator",
    "gallery",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "clipweb.browser_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "gallery.people.sessions.SeenMiddleware",
    "gallery.people.second_factor.StaffSecondFactorMiddleware",
    "gallery.rates.TooOftenMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
ROOT_URLCONF = "clipweb.urls"
ASGI_APPLICATION = "clipweb.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CONTENT_SECURITY_POLICY = browser_policy.CONTENT_SECURITY_POLICY
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# Behind a TLS proxy: CLIPWEB_HTTPS=1 turns on secure cookies and HSTS.
BEHIND_TLS_PROXY = env_bool("CLIPWEB_HTTPS", False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health"]  # asked without TLS, behind the proxy
    SECURE_HSTS_SECONDS = 31_536_000
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # By this prefix browsers take them from no other host, nor without TLS; only then may they be named so.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    # Whether other hosts below this one have TLS too is not for this app to promise.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# ── Database ─────────────────────────────────────────────────────────────────────────────────────────
try:
    _DATABASE = dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'clipweb.sqlite3'}", conn_max_age=60
    )
except ValueError:  # of which dj-database-url's own errors are subclasses; the URL may hold a password
    raise ImproperlyConfigured(
        "DATABASE_URL is not the address of a database: write postgresql://user:password@host:5432/name, "
        "or leave it out for SQLite."
    ) from None
DATABASES = {"default": _DATABASE}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write: take the write lock at BEGIN and wait for it, readers never wait (WAL).
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, because tests with threads and processes cannot share a database in memory.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

# ── valkey or Redis: channel layer, cache, newest preview frames ─────────────────────────────────────
VALKEY_SOCKET = RUN_DIR / "valkey.sock"
REDIS_URL = os.environ.get("REDIS_URL") or f"unix://{VALKEY_SOCKET}"
SUPERVISE_VALKEY = not os.environ.get("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "clipweb",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # redis-py's default socket timeout of 5 s would cut consumers that wait for a message.
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
            "prefix": "clipweb-layer",
            "capacity": 50,
            "expiry": 30,
        },
    }
}

# ── Queue ────────────────────────────────────────────────────────────────────────────────────────────
# A task's retry clock starts when a cluster prefetches it: retry stays above three times the timeout.
_QUEUE_DEFAULT = {
    "workers": env_int("QUEUE_WORKERS", 2, low=1, high=64),
    "timeout": 120,
    "retry": 420,
    "queue_limit": 8,
    "max_attempts": 5,
    "recycle": 500,
}
_QUEUE_GENERATE = {
    "workers": 1,
    "timeout": 3600,
    "retry": 11_400,
    "queue_limit": 1,
    "max_attempts": 0,  # the job row counts its attempts
    "recycle": 50,
}
Q_CLUSTER = {
    "name": "default",
    "orm": "default",
    "poll": 0.3,
    "catch_up": False,
    "save_limit": 1000,
    "label": "clipweb queue",
    "guard_cycle": 0.5,
    **_QUEUE_DEFAULT,
    "ALT_CLUSTERS": {"generate": _QUEUE_GENERATE},
}

# ── People ───────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "gallery.User"
AUTHENTICATION_BACKENDS = ["gallery.people.backends.AccountBackend"]
_RULES = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_RULES}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "gallery.people.passwords.MaximumLengthValidator"},
    {"NAME": f"{_RULES}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_RULES}.CommonPasswordValidator"},
    {"NAME": f"{_RULES}.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "gallery:mine"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = os.environ.get("EMAIL_VERIFICATION") or "optional"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 2  # the one in use, and the next one until it is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a new password, address or second factor
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[clipweb] "
ACCOUNT_ADAPTER = "gallery.people.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "gallery.people.forms.SignInForm",
    "signup": "gallery.people.forms.SignUpForm",
    "reset_password": "gallery.people.forms.ResetRequestForm",
    "reset_password_from_key": "gallery.people.forms.ResetPasswordForm",
    "change_password": "gallery.people.forms.ChangePasswordForm",
    "add_email": "gallery.people.forms.AddEmailForm",
    "reauthenticate": "gallery.people.forms.ReauthenticateForm",
}
SESSION_COOKIE_AGE = 24 * 3600 * env_int("SESSION_DAYS", 14, low=1, high=365)
RECENT_SEARCH_DAYS = env_int("RECENT_SEARCH_DAYS", 365, low=1, high=3650)
UNCONFIRMED_ACCOUNT_DAYS = env_int("UNCONFIRMED_ACCOUNT_DAYS", 30, low=1, high=3650)
PERSONAL_LOG_DAYS = env_int("PERSONAL_LOG_DAYS", 0, low=0, high=3650)  # 0: for good
STAFF_TWO_FACTOR = env_bool("STAFF_TWO_FACTOR", False)  # moderators and admins have to have it
MFA_ADAPTER = "gallery.people.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True  # by a passkey alone, which then asks for the finger, the face or a PIN
MFA_TOTP_TOLERANCE = 1  # half minutes that a phone's clock may be wrong
MFA_ALLOW_UNVERIFIED_EMAIL = True  # without a mail server nobody can confirm one, and it signs nobody in
MFA_FORMS = {
    "authenticate": "gallery.people.second_factor_forms.AuthenticateForm",
    "reauthenticate": "gallery.people.second_factor_forms.ReauthenticateForm",
    "activate_totp": "gallery.people.second_factor_forms.ActivateForm",
    "add_webauthn": "gallery.people.passkey_forms.AddForm",
    "edit_webauthn": "gallery.people.passkey_forms.RenameForm",
    "login_webauthn": "gallery.people.passkey_forms.SignInForm",
    "authenticate_webauthn": "gallery.people.passkey_forms.AuthenticateForm",
    "reauthenticate_webauthn": "gallery.people.passkey_forms.ReauthenticateForm",
}
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("EMAIL_HOST")
    else "django.core.mail.backends.console.EmailBackend"
)
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = env_int("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or "clipweb <clipweb@localhost>"
ADMIN_USERNAME = os.environ.get("ADMIN_USERNAME") or "admin"
ADMIN_PASSWORD = os.environ.get("ADMIN_PASSWORD", "")  # empty: made and printed once at the first start

# ── Languages ────────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sv", _("Swedish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("TIME_ZONE") or "UTC"
USE_I18N = True
USE_TZ = True

# ── Files ────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"  # private: served by views that check who asks, never by URL
MEDIA_URL = ""
MEDIA_ACCEL_PREFIX = os.environ.get("MEDIA_ACCEL_PREFIX", "")  # where nginx has MEDIA_ROOT, as internal
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "clipweb.static_files.StaticFiles"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if S3_BUCKET := os.environ.get("S3_BUCKET", ""):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": os.environ.get("S3_ENDPOINT_URL") or None,
            "default_acl": "private",
            "file_overwrite": False,
        },
    }
UPLOAD_MAX_BYTES = env_int("UPLOAD_MAX_MEGABYTES", 30, low=1, high=1000) * 1024 * 1024
UPLOAD_MAX_PIXELS = env_int("UPLOAD_MAX_MEGAPIXELS", 80, low=1, high=500) * 1_000_000
UPLOAD_MAX_SECONDS = env_int("UPLOAD_MAX_SECONDS", 20, low=1, high=100)  # of decoding one picture
# Of one person's originals in all; 0: none. The admin can give each person another one.
QUOTA_BYTES = env_int("QUOTA_MEGABYTES", 50_000, low=0, high=1_000_000_000) * 1024 * 1024
UPLOAD_MAX_FILES = 50  # in one plain form; the page's script sends each file on its own
UPLOAD_FORM_MAX_BYTES = 10 * UPLOAD_MAX_BYTES  # of all files of one plain form together
UPLOADS_DIR = DATA_DIR / "uploads"  # files that are still on their way
UPLOADS_PER_PERSON = env_int("UPLOADS_PER_PERSON", 50, low=1, high=10_000)  # on their way at once
UPLOAD_KEPT_HOURS = env_int("UPLOAD_KEPT_HOURS", 24, low=1, high=720)  # of one that does not go on
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # as many pictures can be chosen at once
TRASH_DAYS = env_int("TRASH_DAYS", 30, low=1, high=3650)  # until what was deleted is gone for good
# How long the vector of a picture that was searched by without being stored keeps its address alive.
QUERY_PICTURE_DAYS = env_int("QUERY_PICTURE_DAYS", 30, low=1, high=3650)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ── Moderation ───────────────────────────────────────────────────────────────────────────────────────
STRIKE_DAYS = env_int("STRIKE_DAYS", 180, low=1, high=3650)  # until a warning no longer counts
ANONYMOUS_REPORTS = env_bool("ANONYMOUS_REPORTS", False)  # visitors may report, a few times an hour

RATE_LIMITS = env_rates("RATE_LIMITS", DEFAULT_LIMITS)

# ── Models ───────────────────────────────────────────────────────────────────────────────────────────
WEIGHTS_DIR = BASE_DIR / "weights"
MODELS_DIR = DATA_DIR / "models"  # what `manage.py models` fetched or added, and its choice among them
TRAINING_DIR = DATA_DIR / "training"  # runs of `manage.py train_…`, a folder each
try:
    CHOICE = read_choice(MODELS_DIR)
except ChoiceError as error:
    raise ImproperlyConfigured(str(error)) from None
CLIP_MODEL, CLIP_PRETRAINED = clip_settings(MODELS_DIR, CHOICE)
VQGAN_CHECKPOINT, VQGAN_CONFIG = vqgan_settings(MODELS_DIR, CHOICE)  # both empty: weights/mini
# The environment wins over the choice.
IS_CLIP_GIVEN = bool(os.environ.get("CLIP_MODEL") or os.environ.get("CLIP_PRETRAINED"))
if IS_CLIP_GIVEN:
    CLIP_MODEL, CLIP_PRETRAINED = (
        os.environ.get("CLIP_MODEL") or "mini",
        os.environ.get("CLIP_PRETRAINED", ""),
    )
IS_VQGAN_GIVEN = bool(os.environ.get("VQGAN_CHECKPOINT") or os.environ.get("VQGAN_CONFIG"))
if IS_VQGAN_GIVEN:
    VQGAN_CHECKPOINT, VQGAN_CONFIG = (
        os.environ.get("VQGAN_CHECKPOINT", ""),
        os.environ.get("VQGAN_CONFIG", ""),
    )
UPSCALER_CHECKPOINT = os.environ.get("UPSCALER_CHECKPOINT", "")  # empty: plain enlargement
CLIP_NAME = "/".join(filter(None, (CLIP_MODEL, CLIP_PRETRAINED)))  # as the encoder is asked for it
ENCODER_SOCKET = RUN_DIR / "encoder.sock"
ENCODER_URL = os.environ.get("ENCODER_URL") or f"unix://{ENCODER_SOCKET}"
SUPERVISE_ENCODER = not os.environ.get("ENCODER_URL")
ENCODER_TIMEOUT = 30.0  # seconds
TORCH_THREADS = env_int("TORCH_THREADS", min(os.cpu_count() or 1, 8), low=1, high=256)
# Fewer: beside a picture in the making, each layer waits for whichever thread has no core just then.
ENCODER_THREADS = env_int("ENCODER_THREADS", max(1, TORCH_THREADS // 4), low=1, high=256)
ENCODER_PRECISION = env_choice("ENCODER_PRECISION", ["auto", "fp32", "bf16"])

# ── Making pictures ──────────────────────────────────────────────────────────────────────────────────
JOB_HEARTBEAT_STALE = env_int("JOB_HEARTBEAT_STALE", 30, low=2, high=3600)  # seconds of silence
JOB_HUNG_SECONDS = 900  # of one step, or of loading the models
JOB_MAX_ATTEMPTS = 3
MEASURE_QUALITIES = env_bool("MEASURE_QUALITIES", True)  # how long each takes here, at the first start
JOB_CHECKPOINT_EVERY = 10  # steps
JOB_STATE_DAYS = env_int("JOB_STATE_DAYS", 7, low=0, high=3650)  # that a finished picture can be continued
JOB_STATES_BYTES = env_int("JOB_STATES_MEGABYTES", 1000, low=0, high=1_000_000) * 1024 * 1024  # of all
JOB_MIN_FREE_BYTES = env_int("JOB_MIN_FREE_MEGABYTES", 200, low=0, high=1_000_000) * 1024 * 1024  # or wait
JOBS_PER_PERSON = env_int("JOBS_PER_PERSON", 10, low=1, high=1000)  # queued or running at once

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL") or "INFO"},
    "loggers": {"httpx": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}
