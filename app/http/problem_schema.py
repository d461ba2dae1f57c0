"""What a problem document holds, for the contract."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.http.problems import ERRORS_SHOWN, LONGEST_POINTER, Code, Problem


class ProblemError(BaseModel):
    """One thing that is wrong, and its place: in the body, the query, the path or a header."""

    pointer: str | None = Field(
        None, max_length=LONGEST_POINTER, pattern="^#", description="Place in the body, as a JSON pointer (RFC 6901)."
    )
    parameter: str | None = Field(
        None, max_length=200, pattern="^.*$", description="Name of the query or path parameter."
    )
    header: str | None = Field(None, max_length=200, pattern="^.*$", description="Name of the header.")
    code: Code = Field(description="What is wrong, for programs.")
    detail: str = Field(max_length=2000, pattern="^.*$", description="What is wrong, for people.")


class ProblemDocument(BaseModel):
    """What every error answers with (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(
        max_length=200,
        pattern="^(/[A-Za-z0-9._~-]+)*/problems/[a-z-]+$",
        description="Address of the description of this kind of problem.",
    )
    title: str = Field(max_length=200, pattern="^.*$", description="Name of this kind of problem.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(max_length=2000, pattern="^.*$", description="What went wrong this time, for people.")
    remedy: str = Field(max_length=500, pattern="^.*$", description="What whoever meets this kind of problem can do.")
    instance: str = Field(max_length=2048, pattern="^[^ ]*$", description="Path of the request.")
    request_id: str = Field(max_length=128, pattern="^[!-~]*$", description="Number of the request, as in the log.")
    errors: list[ProblemError] | None = Field(None, max_length=ERRORS_SHOWN, description="Each thing that is wrong.")


def document_of_all_kinds() -> type[ProblemDocument]:
    """What any error may answer with: what all have, and the members that the kinds declare, absent where they do not apply."""
    members: dict[str, Any] = {
        name: (annotation | None, field)
        for kind in Problem.kinds.values()
        for name, (annotation, field) in kind.own.items()
    }
    return create_model("Problem", __base__=ProblemDocument, __doc__=ProblemDocument.__doc__, **members)
