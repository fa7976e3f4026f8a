import numpy as np
import scipy  # its parts load when first used

from .caps import Cap
from .market import Market


def has_weighted_cap(market: Market) -> bool:
    """Whether `weighted_cap` holds: static values and winners who leave."""
    leaves = market.after_win.exit_probability == 1 and market.after_win.return_probability == 0
    return market.is_static and leaves


def weighted_cap(market: Market) -> Cap:
    """The most a seller earns from static bidders who weigh rounds differently than she does.

    With impatient bidders and a patient seller, prices that fall over the rounds separate high
    values from low ones, and Myerson's single price is no cap any more. This is the optimum over
    direct mechanisms: types report once, win in round h with probability x_h and pay t_h, where
    t_h <= value x_h because a bidder who bids nothing never pays. Contracts may remember the
    report, so bids without memory need not reach it. With equal weights it is Myerson's revenue.

    Raises `ValueError` unless values are static and winners leave.

    >>> weights = 1 / (1 + np.arange(4))
    >>> market = Market(np.arange(20) / 20, np.full(20, 0.05), horizon=4, supply=0.8,
    ...                 round_weights=weights)
    >>> 0.25 < weighted_cap(market).value < 0.4
    True

    Reference: Stokey (1979), Intertemporal price discrimination; the program is this library's.
    """
    if not has_weighted_cap(market):
        raise ValueError(
            f"expected static values and winners who leave, got {market.after_win} with a kernel "
            f"that {'keeps' if market.is_static else 'moves'} values; try first_best"
        )
    held = market.initial > 0
    values, mass = market.values[held], market.initial[held]
    types, horizon = values.size, market.horizon
    cells = types * horizon
    # Unknowns: x [J H], t [J H] and u [J], the weighted surplus of each type.
    same = scipy.sparse.eye_array(types)
    weigh = scipy.sparse.csr_array(np.atleast_2d(market.weights))
    total = scipy.sparse.kron(same, weigh, format="csr")
    surplus = scipy.sparse.hstack([scipy.sparse.diags_array(values) @ total, -total, -same])
    # Neighbours suffice: utility is linear in Σ d x, so adjacent constraints imply all others.
    steps = scipy.sparse.diags_array(np.diff(values))
    up = scipy.sparse.eye_array(types - 1, types, k=1)
    low = scipy.sparse.eye_array(types - 1, types)
    none = scipy.sparse.csr_array((types - 1, cells))
    imitate_lower = scipy.sparse.hstack([steps @ low @ total, none, low - up])
    imitate_upper = scipy.sparse.hstack([-(steps @ up @ total), none, up - low])
    rounds = scipy.sparse.kron(same, np.ones((1, horizon)))
    unit_demand = scipy.sparse.hstack([rounds, scipy.sparse.csr_array((types, cells + types))])
    worth = scipy.sparse.diags_array(np.repeat(values, horizon))
    pays = scipy.sparse.hstack(
        [-worth, scipy.sparse.eye_array(cells), scipy.sparse.csr_array((cells, types))]
    )
    shares = np.repeat(mass, horizon)
    supply = scipy.sparse.csr_array(np.concatenate([shares, np.zeros(cells + types)])[None])
    result = scipy.optimize.linprog(
        np.concatenate([np.zeros(cells), -shares, np.zeros(types)]),
        A_ub=scipy.sparse.vstack([supply, unit_demand, pays, imitate_lower, imitate_upper]),
        b_ub=np.concatenate([[market.supply], np.ones(types), np.zeros(cells + 2 * (types - 1))]),
        A_eq=surplus,
        b_eq=np.zeros(types),
        bounds=[(0, None)] * cells + [(None, None)] * cells + [(0, None)] * types,
        method="highs",
    )
    if result.status != 0:
        raise RuntimeError(f"the direct-mechanism program was not solved: {result.message}")
    return Cap(value=-float(result.fun), shadow_price=-float(result.ineqlin.marginals[0]))
