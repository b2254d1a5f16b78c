"""Devices that are not there: scales, printers, sensors and meters for tests, measurements and the demo."""
