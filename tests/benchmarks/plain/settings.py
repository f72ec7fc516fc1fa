"""As lean as Django goes: the same database and persistent connections, no middleware at all."""

import environ

env = environ.Env()
SECRET_KEY = "plain"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["tests.benchmarks.plain"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.benchmarks.plain.urls"
DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL"))}
DATABASES["default"] |= {"CONN_MAX_AGE": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
PLAIN_SECRET = b"plain-secret"
