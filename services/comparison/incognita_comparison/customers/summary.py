"""The few figures to read first, as plain values for JSON, and as lines for people."""

from datetime import date, timedelta
from math import isfinite
from typing import Any

import numpy as np

from incognita_comparison.customers.amounts import UNITS
from incognita_comparison.customers.cohorts import repeat_rate
from incognita_comparison.customers.histories import Histories
from incognita_comparison.customers.orders import Orders
from incognita_comparison.customers.segments import NAMES, Segments
from incognita_comparison.customers.value import Horizon, Value
from incognita_comparison.proportions import Share

WITHIN_DAYS = (30, 90, 365)
TOO_CORRELATED = 0.3
"""From here on what a customer spends clearly depends on how often it comes; a rule of thumb."""


def summary_of(
    orders: Orders, histories: Histories, segments: Segments, value: Value, horizon: Horizon
) -> dict[str, Any]:
    """Numbers that can't be told are None."""
    refunds = orders.amount < 0
    came_back = histories.occasions > 1
    churned = 1 - value.alive[came_back]
    return {
        "until": str(date(1970, 1, 1) + timedelta(days=histories.until)) if len(orders) else None,
        "orders": int((~refunds).sum()),
        "refunds": int(refunds.sum()),
        "customers": len(histories),
        "customers_with_refunds_alone": len(np.unique(orders.customer)) - len(histories),
        "revenue": int(orders.amount.sum()) / UNITS,
        "refunded": -int(orders.amount[refunds].sum()) / UNITS,
        "repeat_rate": _share(repeat_rate(histories)),
        **{
            f"repeat_rate_within_{days}_days": _share(repeat_rate(histories, days))
            for days in WITHIN_DAYS
        },
        "segments": {name: int((segments.name == name).sum()) for name in NAMES},
        "churn_of_repeat_customers": _number(churned.mean() if len(churned) else np.nan),
        "expected_alive": _number(value.alive.sum() if len(value.alive) else np.nan),
        "weeks_ahead": horizon.weeks,
        "discount_per_year": horizon.discount,
        "margin": horizon.margin,
        "expected_orders": {
            "value": _number(value.total_orders.value),
            "lower": _number(value.total_orders.low),
            "upper": _number(value.total_orders.high),
        },
        "ltv_total": _number(value.value.sum() if len(value.value) else np.nan),
        "buying": _buying(value),
        "spending": _spending(value),
    }


def lines_of(summary: dict[str, Any]) -> list[str]:
    """A dozen lines for a terminal."""
    lines = [
        (
            f"{summary['customers']:,} customers, {summary['orders']:,} orders, "
            f"{summary['refunds']:,} refunds, revenue {summary['revenue']:,.2f}, "
            f"until {summary['until']}"
        )
    ]
    if rate := summary["repeat_rate"]:
        lines.append(
            f"came back on another day: {rate['value']:.1f} % "
            f"[{rate['lower']:.1f}, {rate['upper']:.1f}]"
        )
    lines.append(", ".join(f"{name} {count:,}" for name, count in summary["segments"].items()))
    buying, spending = summary["buying"], summary["spending"]
    if buying["not_enough"]:
        lines.append(f"no forecast of orders: {buying['not_enough']}")
    else:
        ahead = summary["expected_orders"]
        lines.append(_parameters("BG/NBD", buying))
        lines.append(
            f"next {summary['weeks_ahead']:g} weeks: {ahead['value']:,.0f} orders expected "
            f"[{ahead['lower']:,.0f}, {ahead['upper']:,.0f}]; of who ever came back, "
            f"{100 * summary['churn_of_repeat_customers']:.1f} % are gone"
        )
        lines += [f"{name}: at the end of its range, customers being alike in it" for name in
                  buying["at_bound"]]  # fmt: skip
    if spending["not_enough"]:
        lines.append(f"no forecast of spending: {spending['not_enough']}")
    else:
        lines.append(_parameters("Gamma-Gamma", spending))
        if abs(spending["correlation"] or 0) > TOO_CORRELATED:
            lines.append(
                f"spending goes with frequency (correlation {spending['correlation']:.2f}): "
                "values are less sure than they look"
            )
    if summary["ltv_total"] is not None:
        lines.append(f"value of all customers in that time: {summary['ltv_total']:,.2f}")
    return lines


def _parameters(name: str, fit: dict[str, Any]) -> str:
    shown = (
        f"{key} {found['value']:.4g}" + (f" ± {found['error']:.2g}" if found["error"] else "")
        for key, found in fit["parameters"].items()
    )
    return f"{name}: {', '.join(shown)}; log-likelihood {fit['log_likelihood']:.1f}"


def _buying(value: Value) -> dict[str, Any]:
    fit = value.buying
    estimates = {"r": fit.r, "alpha": fit.alpha, "a": fit.a, "b": fit.b}
    return {
        "not_enough": fit.not_enough,
        "parameters": _estimates(estimates, fit.standard_errors.tolist()),
        "log_likelihood": _number(fit.log_likelihood),
        "at_bound": fit.at_bound,
    }


def _spending(value: Value) -> dict[str, Any]:
    fit = value.spending
    estimates = {"p": fit.p, "q": fit.q, "gamma": fit.gamma}
    return {
        "not_enough": fit.not_enough,
        "parameters": _estimates(estimates, fit.standard_errors.tolist()),
        "log_likelihood": _number(fit.log_likelihood),
        "mean": _number(fit.mean),
        "correlation": _number(fit.correlation),
    }


def _estimates(values: dict[str, float], errors: list[float]) -> dict[str, dict[str, float | None]]:
    return {
        name: {"value": _number(value), "error": _number(error)}
        for (name, value), error in zip(values.items(), errors, strict=True)
    }


def _share(share: Share | None) -> dict[str, float] | None:
    return {"value": share.value, "lower": share.low, "upper": share.high} if share else None


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
