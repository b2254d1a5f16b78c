"""Devices: what hangs on a wire or behind a topic."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from devices.drivers.registry import driver_named
from devices.seen_device import SeenDevice
from devices.serial.settings import SerialSettings, check_port
from devices.ticket_template import TicketTemplate
from telemetry.models import ConfiguredModel
from telemetry.models.limits import LimitedTarget, limit_constraints
from telemetry.names import check_name_kept, check_slug
from telemetry.options import OptionFault

__all__ = ["Device", "SeenDevice", "TicketTemplate"]

_UNSTEADY_PORT = re.compile(r"\A/dev/tty(USB|ACM)\d+\Z")


class Device(LimitedTarget, ConfiguredModel):
    """Something at the end of a wire (it has a driver and a port) or behind a topic (it has neither)."""

    class Parity(models.TextChoices):
        NONE = "none", "none"
        EVEN = "even", "even"
        ODD = "odd", "odd"
        MARK = "mark", "mark"
        SPACE = "space", "space"

    class FlowControl(models.TextChoices):
        NONE = "none", "none"
        XON_XOFF = "xonxoff", "XON/XOFF (software)"
        RTS_CTS = "rtscts", "RTS/CTS (hardware)"
        DSR_DTR = "dsrdtr", "DSR/DTR (hardware)"

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[check_slug],
        help_text="Used in topics, rules and history; never changes.",
    )
    label = models.CharField(max_length=200, blank=True, help_text="What people call it.")
    is_enabled = models.BooleanField("enabled", default=True)
    driver = models.CharField(
        max_length=40, blank=True, help_text="What speaks to it on its serial port. Empty for a device behind a topic."
    )
    port = models.CharField(
        max_length=250,
        blank=True,
        help_text="/dev/serial/by-id/…, /dev/ttyUSB0, socket://host:port or rfc2217://host:port",
    )
    baud = models.PositiveIntegerField(default=9600, validators=[MinValueValidator(50), MaxValueValidator(4_000_000)])
    data_bits = models.PositiveSmallIntegerField(default=8, choices=[(n, str(n)) for n in (5, 6, 7, 8)])
    parity = models.CharField(max_length=5, choices=Parity, default=Parity.NONE)
    # As floats: a form shows the choice whose text equals that of the stored number.
    stop_bits = models.FloatField(default=1.0, choices=[(1.0, "1"), (1.5, "1.5"), (2.0, "2")])
    flow_control = models.CharField(max_length=8, choices=FlowControl, default=FlowControl.NONE)
    write_timeout_s = models.FloatField(
        "write timeout", default=10.0, validators=[MinValueValidator(0.1), MaxValueValidator(600)], help_text="seconds"
    )
    write_expiry_s = models.PositiveIntegerField(
        "writes expire after", null=True, blank=True, help_text="seconds; empty: a write waits for as long as it takes"
    )
    site = models.CharField(
        max_length=64, default="main", validators=[check_slug], help_text="The place whose workers can reach the port."
    )
    options = models.JSONField(default=dict, blank=True, help_text="The driver's own options.")
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("print_raw", "Can let messages send raw bytes to a printer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(driver="", port="") | (~Q(driver="") & ~Q(port="")),
                name="device_has_driver_and_port_or_neither",
            ),
            models.UniqueConstraint(
                fields=["site", "port"], condition=~Q(port=""), name="device_port_is_used_once_per_site"
            ),
            models.CheckConstraint(condition=Q(baud__gte=50, baud__lte=4_000_000), name="device_baud_is_possible"),
            *limit_constraints("device"),
        ]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def link_key(self) -> str:
        """The key of its serial link, '' if it has none."""
        return f"device:{self.name}" if self.driver else ""

    def serial_settings(self) -> SerialSettings:
        """What opening its port needs."""
        return SerialSettings(
            port=self.port,
            baud=self.baud,
            bytesize=self.data_bits,
            parity=self.parity[:1].upper(),
            stopbits=self.stop_bits,
            xonxoff=self.flow_control == self.FlowControl.XON_XOFF,
            rtscts=self.flow_control == self.FlowControl.RTS_CTS,
            dsrdtr=self.flow_control == self.FlowControl.DSR_DTR,
            write_timeout_s=self.write_timeout_s,
        )

    def clean(self) -> None:
        """Check the driver, its options and the port; each message stands at the field at fault."""
        check_name_kept(self)
        faults = self._port_faults() | self._driver_faults() | self.limit_faults()
        if faults:
            raise ValidationError(faults)

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        if self.driver and _UNSTEADY_PORT.match(self.port):
            return [
                f"{self.port} may name another device after the next start or replug; "
                "a path under /dev/serial/by-id/ stays with its device."
            ]
        return []

    def limit_faults(self) -> dict[str, str]:
        """As for all targets; what is behind a topic is no target: its broker is."""
        if self.driver:
            return super().limit_faults()
        given = [name for name in ("drain_rate", "max_waiting") if getattr(self, name) is not None]
        return dict.fromkeys(given, "Only what has a driver is written to; a device behind a topic has its broker's.")

    def _driver_faults(self) -> dict[str, str]:
        if bool(self.driver) != bool(self.port):
            field = "port" if self.driver else "driver"
            return {field: "A serial device needs a driver and a port; one behind a topic has neither."}
        if not isinstance(self.options, dict):
            return {"options": "Options are a JSON object of names and values."}
        if not self.driver:
            return {"options": "Only a device with a driver has options."} if self.options else {}
        try:
            driver_named(self.driver)(self.options)
        except OptionFault as fault:
            return {"driver": fault.message} if fault.name == "driver" else {"options": str(fault)}
        return {}

    def _port_faults(self) -> dict[str, str]:
        if not self.port:
            return {}
        try:
            self.port = check_port(self.port)
        except OptionFault as fault:
            return {"port": fault.message}
        taken = Device.objects.filter(site=self.site, port=self.port).exclude(pk=self.pk).first()
        return {"port": f"The device {taken.name} has this port at this site."} if taken else {}
