"""The addresses of history and status, below /api/v1/."""

from django.urls import path

from telemetry.api.alerts import AlertAcknowledgement, Alerts
from telemetry.api.messages import MessageDetail, Messages
from telemetry.api.outbox import DeadLetters, Deliveries
from telemetry.api.readings import Readings
from telemetry.api.status import Ping, Status

urlpatterns = [
    path("alerts", Alerts.as_view(), name="alerts"),
    path("alerts/<int:alert_id>/acknowledge", AlertAcknowledgement.as_view(), name="alert-acknowledge"),
    path("messages", Messages.as_view(), name="messages"),
    path("messages/<uuid:message_id>", MessageDetail.as_view(), name="message"),
    path("readings", Readings.as_view(), name="readings"),
    path("deliveries", Deliveries.as_view(), name="deliveries"),
    path("dead-letters", DeadLetters.as_view(), name="dead-letters"),
    path("ping", Ping.as_view(), name="ping"),
    path("status", Status.as_view(), name="status"),
]
