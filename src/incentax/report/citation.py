"""BibTeX of the methods a run used."""

from difflib import get_close_matches

BIBTEX: dict[str, str] = {
    "corecco2025amid": """\
@inproceedings{corecco2025amid,
  title     = {Scalable Neural Incentive Design with Parameterized Mean-Field Approximation},
  author    = {Corecco, Nathan and Yardim, Batuhan and Thoma, Vinzenz and Shen, Zebang and
               He, Niao},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2025},
  eprint    = {2510.21442},
  archivePrefix = {arXiv},
}""",
    "vasileiou2026social": """\
@misc{vasileiou2026social,
  title  = {Incentive Design without Hypergradients: A Social-Gradient Method},
  author = {Vasileiou, Georgios and Zhang, Lantian and Zhang, Silun},
  year   = {2026},
  eprint = {2604.11346},
  archivePrefix = {arXiv},
}""",
    "corecco2024suber": """\
@misc{corecco2024suber,
  title  = {{SUBER}: An {RL} Environment with Simulated Human Behavior for Recommender Systems},
  author = {Corecco, Nathan and Piatti, Giorgio and Lanzend{\\"o}rfer, Luca A. and Fan, Flint
            Xiaofeng and Wattenhofer, Roger},
  year   = {2024},
  eprint = {2406.01631},
  archivePrefix = {arXiv},
}""",
    "perolat2021mirror": """\
@misc{perolat2021mirror,
  title  = {Scaling up Mean Field Games with Online Mirror Descent},
  author = {Perolat, Julien and Perrin, Sarah and Elie, Romuald and Lauri{\\`e}re, Mathieu and
            Piliouras, Georgios and Geist, Matthieu and Tuyls, Karl and Pietquin, Olivier},
  year   = {2021},
  eprint = {2103.00623},
  archivePrefix = {arXiv},
}""",
    "perrin2020fictitious": """\
@inproceedings{perrin2020fictitious,
  title     = {Fictitious Play for Mean Field Games: Continuous Time Analysis and Applications},
  author    = {Perrin, Sarah and Perolat, Julien and Lauri{\\`e}re, Mathieu and Geist, Matthieu and
               Elie, Romuald and Pietquin, Olivier},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2020},
  eprint    = {2007.03458},
  archivePrefix = {arXiv},
}""",
    "cui2021approximately": """\
@inproceedings{cui2021approximately,
  title     = {Approximately Solving Mean Field Games via Entropy-Regularized Deep Reinforcement
               Learning},
  author    = {Cui, Kai and Koeppl, Heinz},
  booktitle = {International Conference on Artificial Intelligence and Statistics},
  year      = {2021},
  eprint    = {2102.01585},
  archivePrefix = {arXiv},
}""",
    "myerson1981optimal": """\
@article{myerson1981optimal,
  title   = {Optimal Auction Design},
  author  = {Myerson, Roger B.},
  journal = {Mathematics of Operations Research},
  volume  = {6},
  number  = {1},
  pages   = {58--73},
  year    = {1981},
  doi     = {10.1287/moor.6.1.58},
}""",
    "griewank2000revolve": """\
@article{griewank2000revolve,
  title   = {Algorithm 799: revolve: An Implementation of Checkpointing for the Reverse or Adjoint
             Mode of Computational Differentiation},
  author  = {Griewank, Andreas and Walther, Andrea},
  journal = {ACM Transactions on Mathematical Software},
  volume  = {26},
  number  = {1},
  pages   = {19--45},
  year    = {2000},
  doi     = {10.1145/347837.347846},
}""",
    "efron1979bootstrap": """\
@article{efron1979bootstrap,
  title   = {Bootstrap Methods: Another Look at the Jackknife},
  author  = {Efron, Bradley},
  journal = {The Annals of Statistics},
  volume  = {7},
  number  = {1},
  pages   = {1--26},
  year    = {1979},
  doi     = {10.1214/aos/1176344552},
}""",
}


def citation(*keys: str) -> str:
    """BibTeX entries of `keys`, in that order and each once, separated by an empty line.

    Without keys, every entry that is known.

    **Arguments:**

    - `keys`: names from `BIBTEX`.

    **Raises:** `ValueError` for a key without an entry; it names the nearest known one.

    >>> print(citation("myerson1981optimal").splitlines()[1].strip())
    title   = {Optimal Auction Design},
    """
    unknown = [key for key in keys if key not in BIBTEX]
    if unknown:
        near = get_close_matches(unknown[0], BIBTEX, n=1, cutoff=0.0)[0]
        raise ValueError(f"expected a citation key, got {unknown[0]!r}; try {near!r}")
    return "\n\n".join(BIBTEX[key] for key in dict.fromkeys(keys or BIBTEX))
