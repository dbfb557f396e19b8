"""Sending files of branches to the app."""

from typing import Any

from incognita_assignment.routes.imports import PATH

from .conftest import Caller

HEADER = "store_id,name,address,city,state,lat,lon,ownership\n"
TWO = HEADER + "1,One,Main St 1,Detroit,MI,42.3,-83.1,F\n2,Two,Main St 2,Detroit,MI,42.4,-83.2,C\n"


async def send(caller: Caller, content: str | bytes, **query: Any) -> dict[str, Any]:
    query = {"format": "csv", "time_zone": "America/Detroit", **query}
    answer = await caller("POST", PATH, params=query, content=content)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    counted = report["created"] + report["updated"] + report["unchanged"] + report["rejected"]
    assert counted == report["rows"]
    return report


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in report.items() if name != "problems" and count}


async def refused(caller: Caller, content: str | bytes, **query: Any) -> dict[str, Any]:
    query = {"format": "csv", "time_zone": "America/Detroit", **query}
    answer = await caller("POST", PATH, params=query, content=content)
    assert answer.status_code == 422, answer.text
    problem: dict[str, Any] = answer.json()
    return problem
