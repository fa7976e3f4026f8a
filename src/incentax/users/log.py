"""A session as a person would read it: lines, rows, a page."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

from .records import User
from .world import World


@dataclass(frozen=True)
class LogRow:
    """One recommendation: to whom, what (index and id), what was said and what it was worth."""

    user_id: str
    user_name: str
    step: int
    action: int
    item_id: str
    item_title: str
    raw: float
    rating: float
    reward: float
    valid: bool = True
    expected: float = float("nan")
    distribution: tuple[float, ...] = ()
    left: bool = False
    explanation: str = ""


_COLUMNS = tuple(f.name for f in fields(LogRow) if f.name not in ("distribution", "explanation"))


def text_line(row: LogRow) -> str:
    """One line for the terminal.

    >>> text_line(LogRow("u1", "Ada Lund", 1, 4, "m4", "Dust", 7.0, 8.0, 8.0))
    '  1  Ada Lund        Dust (m4)  rated 8, reward 8'
    """
    said = f"rated {row.rating:g}" if row.rating == row.rating else "did not take it"
    said = said if row.valid else "gave no valid answer"
    end = ", and left" if row.left else ""
    return (
        f"{row.step:3d}  {row.user_name:<14}  {row.item_title} ({row.item_id})  {said}, "
        f"reward {row.reward:g}{end}"
    )


def to_csv(rows: Sequence[LogRow]) -> str:
    """The rows as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([getattr(row, name) for name in _COLUMNS])
    return out.getvalue()


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem;margin-bottom:.2rem} .who{color:#555;margin-top:0}
article{border-top:1px solid #ddd;padding:1rem 0} h2{font-size:1.05rem;margin:0}
.meta{color:#777;font-size:.9rem;margin:.1rem 0 .5rem} .said{font-weight:600;margin-bottom:0}
.why{margin-top:0;font-style:italic}
.bars{display:flex;align-items:flex-end;gap:3px;height:48px;margin:.4rem 0}
.bars span{flex:1;background:#9db7d5;min-height:1px} .bars .got{background:#d9822b}
.axis{display:flex;gap:3px;color:#777;font-size:.75rem} .axis span{flex:1;text-align:center}
"""


def html_page(user: User, world: World, rows: Sequence[LogRow]) -> str:
    """A self-contained page: the persona, what was recommended, what was said and how sure."""
    e = html.escape
    likes = ", ".join(user.liked) or "nothing in particular"
    dislikes = ", ".join(user.disliked) or "nothing in particular"
    total = sum(row.reward for row in rows if row.reward == row.reward)
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{e(user.name)}</title>",
        f"<style>{_STYLE}</style><h1>{e(user.name)}</h1>",
        f"<p class=who>{e(user.noun)}, {user.age}"
        f"{', ' + e(user.job) if user.job else ''} · likes {e(likes)} · dislikes {e(dislikes)}</p>",
        f"<p>{e(user.description)}</p>",
        f"<p class=meta>{len(rows)} recommendations, total reward {total:g}</p>",
    ]
    parts += [_card(world, row) for row in rows]
    return "\n".join(parts) + "\n</html>\n"


def _card(world: World, row: LogRow) -> str:
    item, scale = world.catalogue[row.action], world.rating_scale
    e = html.escape
    said = f"rated it {scale.shown(row.rating)}" if row.rating == row.rating else "passed on it"
    said = said if row.valid else "gave no valid answer; the step does not count"
    bars = axis = ""
    if row.valid and row.distribution:
        top = max(row.distribution)
        level = scale.level(row.raw) if row.raw == row.raw else -1
        bars = "".join(
            f"<span{' class=got' if k == level else ''} style='height:{100 * p / top:.0f}%' "
            f"title='{e(scale.labels[k])}: {p:.2f}'></span>"
            for k, p in enumerate(row.distribution)
        )
        axis = "".join(f"<span>{e(label)}</span>" for label in scale.labels)
    return (
        f"<article><h2>{e(item.title)}{f' ({item.year})' if item.year else ''}</h2>"
        f"<p class=meta>{row.step}. · {e(', '.join(item.labels))} · {e(item.maker)}"
        f"{f' · mean vote {item.vote_average:g}' if item.vote_average else ''}</p>"
        f"<p>{e(item.text)}</p><p class=said>{e(user_first(row.user_name))} {e(said)}"
        f"{' and left' if row.left else ''}; worth {row.reward:g} to the recommender.</p>"
        f"{f'<p class=why>Why: {e(row.explanation)}</p>' if row.explanation else ''}"
        f"<div class=bars>{bars}</div><div class=axis>{axis}</div></article>"
    )


def user_first(name: str) -> str:
    """The first word of a name."""
    return name.split(" ", 1)[0]
