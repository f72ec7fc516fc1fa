"""The comparison program's settings: persistent connections, nothing that is not needed."""

import environ

env = environ.Env()
SECRET_KEY = "shape-a"
INSTALLED_APPS = ["tests.benchmarks.shape_a"]
DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL"))}
DATABASES["default"] |= {"CONN_MAX_AGE": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
REDIS_URL = env.str("REDIS_URL")
CRM_URL = env.str("SHAPE_A_CRM_URL")
CRM_TOKEN = env.str("SHAPE_A_CRM_TOKEN")
