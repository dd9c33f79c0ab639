"""Every setting of LUNA. What differs between installations comes from the environment (docs/configuration.md)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from compute.common.schema import ConfigurationError
from images.config import load_configuration
from luna_site.embedded import paths
from luna_site.settings.env import bounded_redis_url, env_choice, env_float, env_int, env_list, env_str, kept_secret

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = paths.data_dir()

HOST = env_str("HOST", "127.0.0.1")
PORT = env_int("PORT", 8000, least=1, most=65535)
ON_LOOPBACK = HOST in ("127.0.0.1", "localhost", "::1")
PUBLIC_URL = env_str("LUNA_PUBLIC_URL").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if PUBLIC_URL and (_public.scheme not in ("http", "https") or not _public.hostname):
    raise ImproperlyConfigured(f"LUNA_PUBLIC_URL must look like https://luna.example, not {PUBLIC_URL!r}")

SECRET_KEY = kept_secret("LUNA_SECRET_KEY", DATA_DIR / "secret_key")
DEBUG = False
ALLOWED_HOSTS = [
    *env_list("LUNA_ALLOWED_HOSTS"),
    *([_public.hostname] if _public.hostname else []),
    "127.0.0.1",
    "localhost",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
CORS_ORIGINS = env_list("LUNA_CORS_ORIGINS")
REGISTRATION = env_choice("LUNA_REGISTRATION", ("open", "invite", "closed"), "open" if ON_LOOPBACK else "closed")
CONTENT_POLICY = env_choice("LUNA_CONTENT_POLICY", ("rate", "hold", "refuse"), "rate")
METRICS_TOKEN = env_str("LUNA_METRICS_TOKEN")
MIN_FREE_GB = env_float("LUNA_MIN_FREE_GB", 1.0, least=0.0, most=100_000.0)

if _public.scheme == "https":
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 3600

# --- the configuration file (workers, sizes, templates) ------------------------------------------------------------
CONFIG_PATH = Path(env_str("LUNA_CONFIG")) if env_str("LUNA_CONFIG") else None
try:
    IMAGE_GENERATION = load_configuration(CONFIG_PATH)
except ConfigurationError as error:
    raise ImproperlyConfigured(str(error)) from error
LLM_URL = env_str("LUNA_LLM_URL").rstrip("/")
LLM_MODEL = env_str("LUNA_LLM_MODEL", "auto")
LLM_API_KEY = env_str("LUNA_LLM_API_KEY")
if LLM_URL and urlsplit(LLM_URL).scheme not in ("http", "https"):
    raise ImproperlyConfigured(f"LUNA_LLM_URL must look like http://127.0.0.1:11434/v1, not {LLM_URL!r}")
STORAGE_DIR = IMAGE_GENERATION.storage.folder(DATA_DIR)

# --- applications --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "luna_site",
    "images",
    "community",
    "compute",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "luna_site.urls"
ASGI_APPLICATION = "luna_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "luna_site.context.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- database ------------------------------------------------------------------------------------------------------
DATABASE_URL = env_str("DATABASE_URL") or paths.embedded_database_url(DATA_DIR)
IS_WEB = any(Path(word).name == "daphne" for word in sys.orig_argv[:4])


def _database(url: str) -> dict[str, Any]:
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL must look like postgresql://user:password@host:5432/name ({str(error).strip()})"
        ) from None
    known = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    settings: dict[str, Any] = {name: str(parts.pop(key, "") or "") for name, key in known.items()}
    options: dict[str, Any] = {**parts, "connect_timeout": 5}
    if IS_WEB:
        # Only the web process pools: a forked cluster would share its sockets (docs/decisions/0004-postgresql.md).
        options["pool"] = {"min_size": 2, "max_size": 8, "timeout": 10}
    return {
        **settings,
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": options,
        "CONN_MAX_AGE": 0 if IS_WEB else 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer in transaction mode
    }


DATABASES = {"default": _database(DATABASE_URL)}

# --- Valkey: events, wake-ups, broker, cache -----------------------------------------------------------------------
REDIS_URL = env_str("REDIS_URL") or paths.embedded_redis_url(DATA_DIR)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py's default time-out equals the layer's blocking read and would end idle websockets.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
            "capacity": 500,
            "expiry": 60,
            "group_expiry": 86_400,
        },
    }
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": bounded_redis_url(REDIS_URL)}
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- task clusters (docs/decisions/0005-queue.md) ------------------------------------------------------------------
RUNNERS = env_int("LUNA_RUNNERS", 8, least=1, most=64)
RUNNER_TASK_LIMIT_S = 3600
Q_CLUSTER: dict[str, Any] = {
    "name": "tasks",
    "redis": bounded_redis_url(REDIS_URL),
    "workers": 2,
    "timeout": 120,
    "retry": 400,
    "max_attempts": 1,
    "ack_failures": True,
    "queue_limit": 4,
    "bulk": 1,
    "guard_cycle": 0.5,
    "recycle": 2000,
    "max_rss": 700_000,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "label": "Tasks",
    "ALT_CLUSTERS": {
        "runners": {
            "workers": RUNNERS,
            "timeout": RUNNER_TASK_LIMIT_S,  # the last resort: a runner's own deadlines are shorter
            "retry": 2 * RUNNER_TASK_LIMIT_S + 10,
            "queue_limit": RUNNERS,
        }
    },
}
# A job's purpose names who acts on its result; compute knows the names only.
COMPUTE_HANDLERS = {
    "picture": "images.handlers.picture.PictureHandler",
    "analysis": "images.handlers.texts.AnalysisHandler",
    "narration": "images.handlers.texts.NarrationHandler",
    "reading": "images.handlers.texts.ReadingHandler",
}
# Events are sent by a thread of their own; tests send them in line.
ANNOUNCE_IN_BACKGROUND = True
# Who adds to a person's data export and takes part in their deletion.
PERSON_DATA_HANDLERS = ["images.people.StoryData"]
# What the ticker does besides compute's own chores: (dotted name, every so many seconds).
TICKER_CHORES = [
    ("images.chores.resume_stale_turns", 2.0),
    ("images.chores.sweep_deleted_stories", 5.0),
    ("compute.common.api.idempotency.idempotency_expire", 3600.0),
]

# --- people --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "community.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_REDIRECT_URL = "/stories/"
LOGIN_URL = "/accounts/login/"
ACCOUNT_ADAPTER = "community.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional" if env_str("EMAIL_URL") else "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USERNAME_MIN_LENGTH = 3
# luna_site.limits counts sign-in attempts in the database-backed cache; allauth's own counters use the same cache.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "signup": "20/h/ip"}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if env_str("EMAIL_URL"):
    _mail = urlsplit(env_str("EMAIL_URL"))
    if _mail.scheme not in ("smtp", "smtps", "smtp+tls") or not _mail.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@mail.example:587")
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or (465 if _mail.scheme == "smtps" else 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
    EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.scheme == "smtps", _mail.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# --- pages ---------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ROOT = None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "style-src": [SELF, "'unsafe-inline'"],
        "connect-src": [SELF, "ws:", "wss:"] if _public.scheme != "https" else [SELF, f"wss://{_public.netloc}"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# --- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "community.api.authentication.TokenAuthentication",
        "community.api.authentication.WebSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "compute.common.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LUNA",
    "DESCRIPTION": "Stories, turns and pictures. See docs/ for the words.",
    "VERSION": "1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- logs ----------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_choice("LUNA_LOG_LEVEL", ("DEBUG", "INFO", "WARNING"), "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django-q": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
