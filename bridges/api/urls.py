"""The addresses of brokers, topics, rules, meters, packets and of what goes out, below /api/v1/."""

from django.urls import path

from bridges.api.alert_rules import AlertRules
from bridges.api.commands import Commands
from bridges.api.deliveries import Redrive, Repeat
from bridges.api.meters import AllMeters, EnergyReport, MeterCommands, MeterRelay, Meters
from bridges.api.packets import Packets, PacketSchema
from bridges.api.packs import PackDetail, PackInstall, Packs
from bridges.api.trials import ConnectionTrial, RuleTrial
from bridges.api.views import Brokers, Rules, Topics
from telemetry.api.configured_views import ROW, ROWS
from telemetry.api.messages import PacketDetail

urlpatterns = [
    path("alert-rules", AlertRules.as_view(ROWS), name="alert-rules"),
    path("alert-rules/<str:name>", AlertRules.as_view(ROW), name="alert-rule"),
    path("brokers", Brokers.as_view(ROWS), name="brokers"),
    path("brokers/<str:name>", Brokers.as_view(ROW), name="broker"),
    path("brokers/<str:name>/test", ConnectionTrial.as_view(), name="broker-test"),
    path("topics", Topics.as_view(ROWS), name="topics"),
    path("topics/<str:name>", Topics.as_view(ROW), name="topic"),
    path("meters", Meters.as_view(ROWS), name="meters"),
    path("meters/report", EnergyReport.as_view(), name="meters-report"),
    path("meters/<str:name>", Meters.as_view(ROW), name="meter"),
    path("meters/<str:name>/commands", MeterCommands.as_view(), name="meter-commands"),
    path("meters/<str:name>/relay", MeterRelay.as_view(), name="meter-relay"),
    path("meter-defaults", AllMeters.as_view(ROWS), name="meter-defaults"),
    path("meter-defaults/<str:name>", AllMeters.as_view(ROW), name="meter-default"),
    path("rules", Rules.as_view(ROWS), name="rules"),
    path("rules/<str:name>", Rules.as_view(ROW), name="rule"),
    path("rules/<str:name>/try", RuleTrial.as_view(), name="rule-try"),
    path("devices/<str:name>/commands", Commands.as_view(), name="device-commands"),
    path("deliveries/<uuid:delivery_id>/redrive", Redrive.as_view(), name="delivery-redrive"),
    path("deliveries/<uuid:delivery_id>/repeat", Repeat.as_view(), name="delivery-repeat"),
    path("packs", Packs.as_view(), name="packs"),
    path("packs/<str:name>", PackDetail.as_view(), name="pack"),
    path("packs/<str:name>/install", PackInstall.as_view(), name="pack-install"),
    path("packets", Packets.as_view(), name="packets"),
    path("packets/<uuid:packet_id>", PacketDetail.as_view(), name="packet"),
    path("schemas/packet", PacketSchema.as_view(), name="packet-schema"),
]
