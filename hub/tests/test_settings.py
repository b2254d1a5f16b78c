"""What the settings of a production hub come out as, and that stored secrets outlive a change of keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import settings as running
from encrypted_fields.fields import EncryptedCharField
from pytest_django import Settings

from hub.config_sources import ROOT
from hub.tests.test_config import PRODUCTION

SHOW = """
import json
from hub import settings
names = "DEBUG ALLOWED_HOSTS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_PROXY_SSL_HEADER SALT_KEY DATABASES"
print(json.dumps({name: getattr(settings, name) for name in names.split()}))
"""


def production_settings(**variables: str) -> Any:
    given = os.environ | PRODUCTION | {"INSTANCE_ID": "i", "LOG_FILE": "-"} | variables
    command = [sys.executable, "-c", SHOW]
    run = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True, timeout=50)
    return json.loads(run.stdout)


def test_production_is_closed_by_default() -> None:
    found = production_settings()

    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["hub.example.org"]
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_PROXY_SSL_HEADER"] is None
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert found["SALT_KEY"] == [PRODUCTION["FIELD_ENCRYPTION_KEY"]]


def test_a_proxy_is_believed_and_cookies_opened_only_on_request() -> None:
    found = production_settings(TRUST_PROXY="true", SECURE_COOKIES="false")

    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert found["SESSION_COOKIE_SECURE"] is False


def test_a_stored_secret_is_readable_after_both_keys_were_changed(settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.SALT_KEY = "old" * 20, [], ["field-old" * 5]
    stored = EncryptedCharField().f.encrypt(b"broker password")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    settings.SALT_KEY = ["field-new" * 5, "field-old" * 5]

    assert EncryptedCharField().f.decrypt(stored) == b"broker password"


def test_celery_takes_nothing_but_json() -> None:
    assert list(running.CELERY_ACCEPT_CONTENT) == ["json"]
    assert running.CELERY_TASK_SERIALIZER == running.CELERY_RESULT_SERIALIZER == "json"


def test_a_worker_waits_for_its_queue_for_ever() -> None:
    assert running.CELERY_BROKER_CONNECTION_MAX_RETRIES is None
    assert running.CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP is True
