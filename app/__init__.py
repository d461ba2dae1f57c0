"""The cooperation register: one shared record of a cooperation between a city and its welfare associations."""

from importlib.metadata import version

__version__ = version("cooperation-register")
