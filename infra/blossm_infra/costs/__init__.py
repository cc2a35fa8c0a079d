"""What a stack costs while nobody uses it."""

from blossm_infra.costs.idle import Costs, Line, idle_costs
from blossm_infra.costs.prices import AS_OF, PRICES, Price

__all__ = ["AS_OF", "PRICES", "Costs", "Line", "Price", "idle_costs"]
