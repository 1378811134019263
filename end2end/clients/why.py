"""Refusals say why: what fits the schema is refused only for what the document names beside the status."""

import json
import re

import schemathesis

with open("api.json", encoding="utf-8") as file:
    PATHS = json.load(file)["paths"]

# Not the request is wrong but what it meets: nothing is there, or it is otherwise by now. Their own words say so.
STATE = {404, 409, 412, 416}
# Whoever asks for a token may be nobody, or may have guessed too often.
OPEN = {401, 429}


@schemathesis.check
def refusals_say_why(_, response, case) -> None:
    operation = PATHS.get(case.path, {}).get(case.method.lower())
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    status = response.status_code
    if operation is None or not positive or status < 400:
        return
    declared = operation["responses"].get(str(status))
    if declared is not None and (status in STATE or (status in OPEN and operation["security"] == [])):
        return
    said = (declared or {}).get("description", "")
    named = re.findall(r"`([^`]+)`: ", said)
    problem = response.json()
    errors = [error["field"] for error in problem.get("errors", [])] or [problem["type"]]
    unnamed = [field for field in errors if not any(within(field, name) for name in named)]
    if unnamed:
        raise AssertionError(f"{status} for {unnamed}, and the document names {named}")


def within(field: str, name: str) -> bool:
    """Whether `tool_ids[3]` is in `tool_ids`, and `parameters[0].name` in `parameters[].name`."""
    field = re.sub(r"\[\d+\]", "[]", field)
    return field == name or field.startswith((f"{name}.", f"{name}["))
