"""Django's settings, all made from the typed configuration: nothing that a user may want to change is decided here."""

from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers

from hub.config import environment, load_or_exit, reveal
from hub.config_sources import from_root
from hub.database_url import database_settings
from hub.logging import logging_settings
from hub.version import read_version
from telemetry.redaction import remember_secret

BASE_DIR = Path(__file__).resolve().parent.parent
CONFIG = load_or_exit()

# --- What the apps read -----------------------------------------------------------------------------------------------
PATCHBAY_IS_PRODUCTION = CONFIG.is_production
PATCHBAY_DEMO = CONFIG.patchbay_demo
PATCHBAY_INSTANCE_ID = CONFIG.instance_id
PATCHBAY_SITE = CONFIG.site
PATCHBAY_DATA_DIR = CONFIG.data_dir
PATCHBAY_SCRIPTS_DIR = CONFIG.scripts_path
PATCHBAY_LOG_FILE = CONFIG.log_path
PATCHBAY_PROCESS_INTERVAL = CONFIG.process_interval
PATCHBAY_MQTT_URL = reveal(CONFIG.mqtt_url)
PATCHBAY_MQTT_SUBSCRIBE_TOPIC = CONFIG.mqtt_subscribe_topic
PATCHBAY_MQTT_PUBLISH_TOPIC = CONFIG.mqtt_publish_topic
PATCHBAY_RATES = CONFIG.rates
PATCHBAY_TRUST_PROXY = CONFIG.trust_proxy
PATCHBAY_RETENTION_DAYS = CONFIG.retention_days
PATCHBAY_METRICS_PUBLIC = CONFIG.metrics_public
PATCHBAY_LOG_ACCESS = CONFIG.log_access.value
PATCHBAY_REPORTS_ITSELF = True  # each process writes how it is; tests turn it off
PATCHBAY_VERSION = read_version(BASE_DIR)
PATCHBAY_UI_DIR = BASE_DIR / "frontend" / "dist"
PATCHBAY_READ_ENVIRONMENT = environment  # () -> dict: for {env: NAME} references in an imported configuration
REDIS_URL = reveal(CONFIG.redis_url)

# --- Secrets ----------------------------------------------------------------------------------------------------------
SECRET_KEY = reveal(CONFIG.secret_key)
SECRET_KEY_FALLBACKS = [reveal(key) for key in CONFIG.secret_key_fallbacks]
# Stored secrets are encrypted with a key derived from SECRET_KEY and SALT_KEY together; the first of each encrypts.
SALT_KEY = [reveal(key) for key in CONFIG.field_encryption_key]

# --- The web ----------------------------------------------------------------------------------------------------------
DEBUG = CONFIG.debug
ALLOWED_HOSTS = list(CONFIG.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(CONFIG.csrf_trusted_origins)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = (
    CONFIG.is_production if CONFIG.secure_cookies is None else CONFIG.secure_cookies
)
SESSION_COOKIE_NAME = "patchbay_session"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.trust_proxy else None
# Pages from elsewhere may call the API with a key, never with the session of a person.
CORS_ALLOWED_ORIGINS = list(CONFIG.cors_allowed_origins)
CORS_URLS_REGEX = r"^/(api|health)/|^/metrics$"
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "last-event-id", "cache-control")
CORS_EXPOSE_HEADERS = ("RateLimit", "RateLimit-Policy", "Retry-After")
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
ROOT_URLCONF = "hub.urls"
ASGI_APPLICATION = "hub.asgi.application"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

INSTALLED_APPS = [
    "daphne",
    "hub.apps.PatchbayAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_api_key",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "corsheaders",
    "django_celery_beat",
    "telemetry",
    "devices",
    "bridges",
    "frontend",
    "hub.apps.HubConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "hub.security_headers.security_headers",
    "corsheaders.middleware.CorsMiddleware",
    "hub.access.rate_headers.rate_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "hub" / "templates"],  # before those of Django's admin
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- Static files: collected in production images, found where they lie otherwise -------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [("ui", PATCHBAY_UI_DIR)] if PATCHBAY_UI_DIR.is_dir() else []
SERVESTATIC_USE_STATIC_ROOT = CONFIG.is_production and STATIC_ROOT.is_dir()
SERVESTATIC_USE_FINDERS = not SERVESTATIC_USE_STATIC_ROOT
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_IMMUTABLE_FILE_TEST = r"^/static/ui/assets/"  # Vite puts a hash into these names
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedStaticFilesStorage"},
}

# --- Storage ----------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_settings(reveal(CONFIG.database_url))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = from_root(DATABASES["default"]["NAME"])
PATCHBAY_KEEP_CONNECTIONS_S = 60  # by the threads that answer requests
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
CACHES = {
    "default": {
        "BACKEND": "hub.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "patchbay",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}

# --- Live push and tasks ----------------------------------------------------------------------------------------------
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "patchbay"},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the default of 100 ends a worker whose links still run
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 10, "socket_keepalive": True}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {  # becomes rows that can be edited in the admin
    "drain what waits": {"task": "bridges.drain_what_waits", "schedule": 5.0, "options": {"expires": 5}},
}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "patchbay"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_WORKER_REDIRECT_STDOUTS = False  # the console handler writes to them
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- The API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["telemetry.api.wire.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["telemetry.api.wire.StrictJsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "hub.access.authentication.ApiKeyAuthentication",  # the first one names the challenge of a 401
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["hub.access.permissions.ScopePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["hub.access.throttling.ScopeThrottle"],
    "EXCEPTION_HANDLER": "hub.problems.problem_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Patchbay",
    "DESCRIPTION": "Devices, brokers, rules, and what passed through them.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",  # the schema of packets needs it
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AlertStateEnum": "telemetry.api.alerts.TOLD",
        "DeliveryStateEnum": "telemetry.models.Delivery.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "hub.api.schema.complete",
    ],
}

# --- Logging ----------------------------------------------------------------------------------------------------------
LOGGING = logging_settings(CONFIG)
for _secret in (SECRET_KEY, *SECRET_KEY_FALLBACKS, *SALT_KEY, DATABASES["default"].get("PASSWORD", "")):
    remember_secret(_secret)
