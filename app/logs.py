"""The log: one JSON object a line on standard output, each with the id of the request it belongs to."""

import json
import logging.config
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

from sqlalchemy.exc import DBAPIError

from app.database.errors import code_of
from app.http.envelope import request_id
from app.http.masking import masked

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


OF_ALL = frozenset({*vars(logging.makeLogRecord({})), "message", "color_message"})
"""What a record has of its own, beside what was said with it."""
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class DiscreetFormatter(logging.Formatter):
    """Writes where an error came from, and of what a database says only its kind: the rest can quote what people wrote.

    A line is one JSON object. None holds a key or a secret address, whoever wrote it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get() or None,
            **{name: value for name, value in vars(record).items() if name not in OF_ALL},
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        return masked(ENCODER.encode(line))

    def formatException(self, ei: Raised) -> str:  # noqa: N802 (the base class names it so)
        """The traceback, from the first cause to the last error."""
        return "\n".join(reversed([*told(ei[1])]))


def told(error: BaseException | None) -> Iterator[str]:
    """Each error with its frames, the last one first."""
    is_of_database = False
    # Errors that are raised while others are handled can stand behind each other in a circle.
    passed: set[int] = set()
    while error is not None and id(error) not in passed:
        passed.add(id(error))
        frames = "".join(traceback.format_tb(error.__traceback__))
        # What a driver raised is found behind SQLAlchemy's own error, and says the same words.
        is_of_database = is_of_database or isinstance(error, DBAPIError)
        text = code_of(error) if is_of_database else str(error)
        yield f"{frames}{type(error).__module__}.{type(error).__qualname__}: {text}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def configure_logging(level: str) -> None:
    """Send every logger of the process through one JSON handler."""
    # No line shows where in the code it was written, or by which thread or process, so nobody need find out.
    logging._srcfile = None  # noqa: SLF001 (the way that the logging docs name)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": DiscreetFormatter}},
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                }
            },
            "root": {"handlers": ["stdout"], "level": level.upper()},
            # The envelope writes one line a request, with its id; uvicorn's own line would say it twice. And pools of SQLAlchemy
            # are quiet, ours too.
            "loggers": {name: {"level": "WARNING"} for name in ("uvicorn.access", "alembic", "app.database.fair_pool")},
        }
    )
