"""The log: one JSON object a line on standard output, each with the id of the request it belongs to."""

import logging.config

from pythonjsonlogger.core import RESERVED_ATTRS

from app.http.envelope import request_id


class WithRequestId(logging.Filter):
    """Adds the id of the request that is being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or None
        return True


def configure_logging(level: str) -> None:
    """Send every logger of the process through one JSON handler."""
    # No line shows where in the code it was written, or by which thread or process, so nobody need find out.
    logging._srcfile = None  # noqa: SLF001 (the way that the logging docs name)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request": {"()": WithRequestId}},
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s",
                    "timestamp": "time",
                    "rename_fields": {"levelname": "level", "name": "logger"},
                    "reserved_attrs": [*RESERVED_ATTRS, "color_message"],
                    "json_ensure_ascii": False,
                }
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                    "filters": ["request"],
                }
            },
            "root": {"handlers": ["stdout"], "level": level.upper()},
            # The envelope writes one line a request, with its id; uvicorn's own line would say it twice.
            "loggers": {name: {"level": "WARNING"} for name in ("uvicorn.access", "aiosqlite", "alembic")},
        }
    )
