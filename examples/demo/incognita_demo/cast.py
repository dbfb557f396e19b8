"""Prepares the stage: chain, keys, branches, questionnaire, wave, shoppers, webhook."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from incognita_demo.api import Api
from incognita_demo.settings import CHAIN_NAME, QUESTIONNAIRE
from incognita_demo.world import Store, stores_csv
from incognita_shared.clock import now
from incognita_shared.values import Position

VISITS_PER_SHOPPER = 9
LENIENCY_SD = 5.0  # points of 100
SHOPPERS_A_REQUEST = 500


@dataclass(frozen=True, slots=True)
class Keys:
    """One key a role, as each would hold it."""

    operator: str
    agency: str
    reviewer: str
    manager: str


@dataclass(frozen=True, slots=True)
class SimulatedShopper:
    """A shopper with a key and a leniency in points of 100, which only the simulator knows."""

    shopper_id: str
    key: str
    home: Position
    leniency: float


async def make_chain(api: Api, operator: str) -> tuple[str, Keys]:
    """A chain, and a key for each of its people."""
    chain = await api.call(
        "assignment",
        "POST /v1/chains",
        key=operator,
        json={"name": CHAIN_NAME, "languages": ["en", "fr"]},
    )
    chain_id = chain["chain_id"]
    made = {}
    for role in ("agency", "reviewer", "chain_manager"):
        answer = await api.call(
            "assignment",
            f"POST /v1/chains/{chain_id}/keys",
            key=operator,
            json={"role": role, "name": f"Demo {role.replace('_', ' ')}"},
        )
        made[role] = answer["key"]
    return chain_id, Keys(operator, made["agency"], made["reviewer"], made["chain_manager"])


async def import_stores(api: Api, keys: Keys, stores: Sequence[Store]) -> dict[str, Any]:
    """Send the file as the chain would; the answer names each bad row."""
    report: dict[str, Any] = await api.call(
        "assignment",
        "POST /v1/branches:import?time_zone=America/New_York&country=US",
        key=keys.manager,
        content=stores_csv(list(stores)),
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )
    return report


async def publish_questionnaire(api: Api, keys: Keys) -> str:
    """The pizza questionnaire of ``examples/``, published; returns its id."""
    draft = await api.call(
        "assignment",
        "POST /v1/questionnaires",
        key=keys.agency,
        json=json.loads(QUESTIONNAIRE.read_text(encoding="utf-8")),
    )
    name = draft["questionnaire_id"]
    await api.call(
        "assignment", f"POST /v1/questionnaires/{name}/versions/1:publish", key=keys.agency
    )
    return str(name)


async def hire_shoppers(
    api: Api, keys: Keys, stores: Sequence[Store], rng: random.Random
) -> dict[str, SimulatedShopper]:
    """Shoppers who live near stores, each with a key and a leniency."""
    homes = [store for store in stores if _place(store)]
    count = max(12, -(-len(stores) // VISITS_PER_SHOPPER) + 10)
    invented = [_shopper(number, rng.choice(homes), rng) for number in range(count)]
    hired: dict[str, SimulatedShopper] = {}
    for start in range(0, count, SHOPPERS_A_REQUEST):
        made = await api.call(
            "assignment",
            "POST /v1/shoppers:batch",
            key=keys.agency,
            json={"shoppers": invented[start : start + SHOPPERS_A_REQUEST], "with_keys": True},
        )
        for one, body in zip(made["items"], invented[start:], strict=False):
            home = Position.model_validate(body["home"])
            hired[one["shopper_id"]] = SimulatedShopper(
                one["shopper_id"], one["key"], home, rng.gauss(0, LENIENCY_SD)
            )
    return hired


def _shopper(number: int, store: Store, rng: random.Random) -> dict[str, Any]:
    latitude, longitude = float(store.row["lat"]), float(store.row["lon"])
    return {
        "name": f"Simulated shopper {number + 1}",
        "email": f"shopper{number + 1}@example.org",
        "languages": ["en"],
        "skills": ["delivery"],
        "home": {
            "latitude": max(-89.0, min(89.0, latitude + rng.gauss(0, 0.1))),
            "longitude": max(-179.0, min(179.0, longitude + rng.gauss(0, 0.1))),
        },
        "capacity": VISITS_PER_SHOPPER * 2,
    }


async def make_programme(api: Api, keys: Keys) -> str:
    """The standing order; returns its id."""
    programme = await api.call(
        "assignment",
        "POST /v1/programmes",
        key=keys.agency,
        json={"name": "Delivery standards", "purpose": "Phone, time, courier, product, change."},
    )
    return str(programme["programme_id"])


async def open_wave(
    api: Api,
    keys: Keys,
    *,
    name: str,
    programme_id: str,
    questionnaire_id: str,
    lasts: timedelta,
    store_ids: Sequence[str] = (),
) -> str:
    """A wave over all stores, or over some; its id. It began an hour ago and lasts from now on."""
    starts, money = now() - timedelta(hours=1), "USD"
    wave = await api.call(
        "assignment",
        "POST /v1/waves",
        key=keys.agency,
        json={
            "programme_id": programme_id,
            "name": name,
            "questionnaire_id": questionnaire_id,
            "questionnaire_version": 1,
            "channel": "delivery",
            "scenario": "Order a pizza by phone in the evening; pay with a note that needs change.",
            "starts_at": starts.isoformat(),
            "ends_at": (now() + lasts).isoformat(),
            "visits_per_branch": 1,
            "branch_filter": {"store_ids": list(store_ids)},
            "offer_hours": 48,
            "rotation_days": 90,
            "required_skills": ["delivery"],
            "terms": {
                "fee": {"amount": "12.00", "currency": money},
                "purchase_budget": {"amount": "20.00", "currency": money},
                "goods": "kept",
                "evidence": [
                    {"kind": "photo", "minimum_count": 1},
                    {"kind": "audio", "minimum_count": 1, "minimum_duration_s": 10},
                ],
            },
        },
    )
    await api.call("assignment", f"POST /v1/waves/{wave['wave_id']}:open", key=keys.agency)
    return str(wave["wave_id"])


async def subscribe(api: Api, keys: Keys, url: str) -> tuple[str, str]:
    """A webhook for what a chain wants to know at once; returns its id and signing secret."""
    made = await api.call(
        "notification",
        "POST /v1/subscriptions",
        key=keys.agency,
        json={
            "event_types": [
                "incognita.standing.changed.v1",
                "incognita.branch.alerted.v1",
                "incognita.report.flagged.v1",
            ],
            "target": {"webhook": {"url": url}},
        },
        wait_while=frozenset({401, 403}),  # the new key may still be on its way to this service
    )
    return str(made["subscription_id"]), str(made["secret"])


def _place(store: Store) -> bool:
    try:
        return bool(float(store.row["lat"]) or float(store.row["lon"]))
    except ValueError:
        return False
