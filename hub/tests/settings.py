"""The settings under which tests run: embedded defaults in a directory of their own, nothing from the user's `.env`."""

import atexit
import os
import shutil
import tempfile

# Set before the real settings are read. Processes that a test starts inherit the same separation.
os.environ["PATCHBAY_ENV_FILE"] = os.devnull
if "PATCHBAY_TEST_DIR" not in os.environ:  # workers of a parallel run share the directory of the first process
    os.environ["PATCHBAY_TEST_DIR"] = tempfile.mkdtemp(prefix="patchbay-tests-")
    atexit.register(shutil.rmtree, os.environ["PATCHBAY_TEST_DIR"], ignore_errors=True)
os.environ["DATA_DIR"] = os.environ["PATCHBAY_TEST_DIR"]
os.environ["LOG_FILE"] = "-"
if os.environ.get("TEST_DATABASE", "sqlite") == "postgresql":
    from hub.tests.postgresql import test_database_url

    os.environ["DATABASE_URL"] = test_database_url()

from hub.settings import *  # noqa: F403
from hub.settings import DATABASES, MIDDLEWARE, PATCHBAY_DATA_DIR

# A file, so that the threads of a test see one database.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(PATCHBAY_DATA_DIR / "test.sqlite3")}
PATCHBAY_KEEP_CONNECTIONS_S = 0  # a connection that is left open would keep the test database from being dropped
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# It searches all static files at each start of a test client.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("servestatic.")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PATCHBAY_REPORTS_ITSELF = False  # no thread of a web process looks into a test's database
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
