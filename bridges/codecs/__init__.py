"""Codecs: payload bytes to decoded values and readings. One file each; `registry` finds them."""
