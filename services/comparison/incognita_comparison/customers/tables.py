"""The results as columns, ready to be written."""

import numpy as np

from incognita_comparison.customers.amounts import UNITS
from incognita_comparison.customers.branches import BranchCustomers
from incognita_comparison.customers.cohorts import Cohorts
from incognita_comparison.customers.histories import Histories
from incognita_comparison.customers.orders import Orders, Whole
from incognita_comparison.customers.segments import Segments
from incognita_comparison.customers.value import Value
from incognita_comparison.offline.tables import Column
from incognita_comparison.proportions import wilson


def segments_table(
    orders: Orders, histories: Histories, segments: Segments, rows: slice
) -> dict[str, Column]:
    """One row a customer, by name."""
    return {
        "customer": [orders.customers[code] for code in histories.code[rows]],
        "segment": segments.name[rows].tolist(),
        "recency_score": segments.recency[rows],
        "frequency_score": segments.frequency[rows],
        "money_score": segments.money[rows],
        "recency_days": segments.recency_days[rows],
        "order_days": histories.occasions[rows],
        "revenue": histories.net[rows] / UNITS,
        "first_order": _days(histories.first[rows]),
        "last_order": _days(histories.last[rows]),
    }


def cohorts_table(cohorts: Cohorts) -> dict[str, Column]:
    """One row a cohort and month. Retention in per cent, with Wilson's 90 % interval."""
    shares = [
        wilson(int(some), int(of))
        for some, of in zip(cohorts.active, cohorts.customers, strict=True)
    ]
    return {
        "cohort": _months(cohorts.cohort),
        "month": cohorts.month,
        "calendar_month": _months(cohorts.cohort + cohorts.month),
        "customers": cohorts.customers,
        "active": cohorts.active,
        "retention": np.array([share.value if share else np.nan for share in shares]),
        "retention_lower": np.array([share.low if share else np.nan for share in shares]),
        "retention_upper": np.array([share.high if share else np.nan for share in shares]),
        "revenue": cohorts.revenue / UNITS,
        "revenue_per_customer": cohorts.revenue / UNITS / np.maximum(cohorts.customers, 1),
        "complete": ["yes" if whole else "no" for whole in cohorts.complete.tolist()],
    }


def value_table(
    orders: Orders, histories: Histories, value: Value, rows: slice
) -> dict[str, Column]:
    """One row a customer, by name.

    Cells are empty where nothing can be told, which ``status`` explains.
    """
    return {
        "customer": [orders.customers[code] for code in histories.code[rows]],
        "repeats": histories.repeats[rows],
        "recency_weeks": histories.recency_weeks[rows],
        "observed_weeks": histories.observed_weeks[rows],
        "repeat_value": histories.repeat_value[rows],
        "p_alive": value.alive[rows],
        "p_any_order": value.any_order[rows],
        "expected_orders": value.orders[rows],
        "expected_orders_error": value.orders_error[rows],
        "orders_lower": value.orders_low[rows],
        "orders_upper": value.orders_high[rows],
        "expected_value_each": value.spending_each[rows],
        "ltv": value.value[rows],
        "status": [_status(value)] * len(histories.code[rows]),
    }


def branches_table(found: BranchCustomers) -> dict[str, Column]:
    """One row a branch, by name."""
    return {
        "branch": found.branch,
        "orders": found.orders,
        "revenue": found.revenue,
        "customers": found.customers,
        "home_customers": found.home,
        "repeat_rate": found.repeat_rate,
        "repeat_rate_lower": found.repeat_low,
        "repeat_rate_upper": found.repeat_high,
        "expected_alive": found.alive,
        "expected_orders": found.expected_orders,
        "ltv": found.value,
    }


def _status(value: Value) -> str:
    causes = [
        f"{name}: {fit.not_enough}"
        for name, fit in (("orders", value.buying), ("value", value.spending))
        if fit.not_enough
    ]
    return "; ".join(causes) or "ok"


def _days(days: Whole) -> list[str]:
    return [str(day) for day in days.astype("datetime64[D]")]


def _months(months: Whole) -> list[str]:
    return [str(month) for month in months.astype("datetime64[M]")]
