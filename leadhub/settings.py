"""All settings, read from the environment. What is wrong or missing is named by leadhub.checks before the start.

Nothing set: one node on SQLite in `.leadhub/`, with the pipeline in a thread of the web process.
DATABASE_URL and REDIS_URL set: PostgreSQL, Celery workers, as many hosts as needed.
"""

import sys
from pathlib import Path

from leadhub.environment import Environment, host_of

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent
LEADHUB_HOME = Path(env.text("LEADHUB_HOME", default=str(BASE_DIR / ".leadhub")))
_DATABASE = env.database("DATABASE_URL", embedded=LEADHUB_HOME / "leadhub.sqlite3")
REDIS_URL = env.broker("REDIS_URL")
EMBEDDED = _DATABASE["ENGINE"].endswith("sqlite3")  # one node: the web process is the worker

DEBUG = env.switch("LEADHUB_DEBUG", default=False)
PUBLIC_URL = env.public_url("LEADHUB_PUBLIC_URL", default="http://127.0.0.1:8000" if EMBEDDED else "")
ALLOWED_HOSTS = env.names("LEADHUB_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", *host_of(PUBLIC_URL)])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []

# Secrets. On the embedded default they are made once and kept beside the database; elsewhere they must be given.
_made = env.made_secrets(LEADHUB_HOME, wanted=EMBEDDED)
SECRET_KEY = env.secret("LEADHUB_SECRET_KEY", made=_made.get("secret_key", ""))
LEADHUB_KEYS = env.ring("LEADHUB_KEYS", made=_made.get("keys", ""))
LEADHUB_PEPPER = env.secret("LEADHUB_PEPPER", made=_made.get("pepper", "")).encode()

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the default one would put its own site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "leadhub.apps.LeadHubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "leadhub.kernel.apps.KernelConfig",
    "capture.apps.CaptureConfig",
    "identity.apps.IdentityConfig",
    "routing.apps.RoutingConfig",
    "crm_sync.apps.CrmSyncConfig",
    "leadhub.apps.LeadHubConfig",
]

# The capture door runs without any of these: leadhub.wsgi gives /in/ a handler of its own.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "leadhub.middleware.StaticFiles",
    "leadhub.middleware.SetContentSecurityPolicy",
    "leadhub.middleware.RefuseNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "leadhub.urls"
WSGI_APPLICATION = "leadhub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "leadhub" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

if EMBEDDED:
    _DATABASE |= {
        "CONN_MAX_AGE": None,
        "TEST": {"NAME": LEADHUB_HOME / "test.sqlite3"},  # a file as in life: threads and WAL behave as there
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728; PRAGMA cache_size=-32000"
            ),
        },
    }
else:
    _DATABASE |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    _DATABASE["OPTIONS"] = {
        "application_name": "leadhub",
        "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
    } | _DATABASE.get("OPTIONS", {})
DATABASES = {"default": _DATABASE}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "static/"
STATIC_ROOT = LEADHUB_HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, past the TLS proxy
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked over plain HTTP from inside
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.switch("LEADHUB_BEHIND_PROXY", default=False) else None
)

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
SIMPLE_HISTORY_DATE_INDEX = "composite"
SIMPLE_HISTORY_REVERT_DISABLED = True

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["leadhub.kernel.api.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "leadhub.kernel.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["leadhub.kernel.api.StaffWithModelPermission"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "leadhub.kernel.api.CursorById",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "leadhub.kernel.problems.problem_json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LeadHub",
    "VERSION": "0.1.0",
    "DESCRIPTION": "One canonical lead per person, kept true in every CRM.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# The door.
LEADHUB_MAX_BODY = env.number("LEADHUB_MAX_BODY", default=256 * 1024, least=1024, most=1_000_000)  # bytes
# deliveries per source and second, in one process
LEADHUB_RATE = env.number("LEADHUB_RATE", default=2000, least=1, most=1_000_000)
# hops that set X-Forwarded-For
LEADHUB_TRUSTED_PROXIES = env.number("LEADHUB_TRUSTED_PROXIES", default=0, least=0, most=10)
LEADHUB_METRICS_TOKEN = env.text("LEADHUB_METRICS_TOKEN", default="")  # empty: /metrics answers this machine only
# The pipeline.
LEADHUB_WAKE = env.switch("LEADHUB_WAKE", default=True)
LEADHUB_LEASE = env.number("LEADHUB_LEASE", default=90, least=20, most=3600)  # seconds a claim holds
LEADHUB_CROWDED_AFTER = env.number("LEADHUB_CROWDED_AFTER", default=4, least=1, most=1000)  # distinct people on one key
# profiles one lead may join without a person
LEADHUB_CLUSTER_CAP = env.number("LEADHUB_CLUSTER_CAP", default=60, least=2, most=10_000)

CELERY = {
    "broker_url": REDIS_URL or "memory://",
    "task_ignore_result": True,
    # A message is a hint that may get lost: the row is the job. Acknowledging late gains nothing, and with Redis it
    # ends a worker whose broker dies under an unacknowledged message, and leaves what it works on till the lease ends.
    "task_acks_late": False,
    "worker_prefetch_multiplier": 1,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_time_limit": LEADHUB_LEASE - 5,
    "task_soft_time_limit": LEADHUB_LEASE - 10,
    "task_publish_retry": False,
    "broker_connection_retry_on_startup": True,
    "broker_pool_acquire_timeout": 1,
    "worker_send_task_events": False,
    "worker_max_tasks_per_child": 5000,
    "worker_soft_shutdown_timeout": 10,
    "broker_connection_max_retries": None,  # a worker outlives any outage of the broker
    "broker_transport_options": {"ack_emulation": False, "health_check_interval": 25},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "leadhub.kernel.telemetry.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.log_level("LEADHUB_LOG_LEVEL")},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
    },
}
UNFOLD = {
    "SITE_TITLE": "LeadHub",
    "SITE_HEADER": "LeadHub",
    "SITE_SYMBOL": "hub",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
}

LEADHUB_WRONG = env.wrong  # what leadhub.checks refuses to start with
