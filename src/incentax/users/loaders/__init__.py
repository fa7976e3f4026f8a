"""Data sets the user supplies: read once, checked once, nothing downloaded."""

from .books import load_book_crossing as load_book_crossing
from .books import load_goodbooks as load_goodbooks
from .dataset import Dataset as Dataset
from .dataset import fit_people as fit_people
from .movielens import load_movielens as load_movielens
from .open import load_dataset as load_dataset
