"""A 24-node network of the size of the classical one, drawn here."""

import numpy as np

from incentax.games.smooth import Network


def grid(rows: int = 4, columns: int = 6, pairs: int = 528, seed: int = 0, load: float = 1.0):
    """A two-way grid with random capacities and `pairs` random demands, congested."""
    random = np.random.default_rng(seed)
    links = []
    for row in range(rows):
        for column in range(columns):
            here = row * columns + column
            right = [here + 1] if column + 1 < columns else []
            below = [here + columns] if row + 1 < rows else []
            for there in right + below:
                links += [(here, there), (there, here)]
    tail, head = np.array(links).T
    size = len(links)
    network = Network.bpr(
        rows * columns,
        tail,
        head,
        capacity=random.uniform(5e3, 2.5e4, size),
        free_flow_time=random.uniform(2, 10, size),
        coefficient=np.full(size, 0.15),
        power=np.full(size, 4.0),
    )
    nodes = range(rows * columns)
    every = [(i, j) for i in nodes for j in nodes if i != j]
    random.shuffle(every)
    volume = load * random.gamma(1.0, 700.0, len(every))
    chosen = zip(every[:pairs], volume, strict=False)
    return network, {(int(i), int(j)): float(v) for (i, j), v in chosen}


def tntp(network, demand) -> tuple[str, str]:
    """The same network and demand as the text of TNTP files."""
    capacity = (0.15 * network.constant / network.factor) ** (1 / network.power)
    rows = [
        f"\t{t + 1}\t{h + 1}\t{float(c)!r}\t1\t{float(f)!r}\t0.15\t{float(p)!r}\t0\t0\t1\t;"
        for t, h, c, f, p in zip(
            network.tail,
            network.head,
            capacity,
            network.constant,
            network.power,
            strict=True,
        )
    ]
    nodes = network.num_nodes
    net = [
        f"<NUMBER OF ZONES> {nodes}",
        f"<NUMBER OF NODES> {nodes}",
        "<FIRST THRU NODE> 1",
        f"<NUMBER OF LINKS> {network.num_links}",
        "<END OF METADATA>",
        "",
        "~\tInit node\tTerm node\tCapacity\tLength\tFree Flow Time\tB\tPower\t;",
        *rows,
    ]
    trips = [f"<NUMBER OF ZONES> {nodes}", "<END OF METADATA>"]
    for origin in sorted({pair[0] for pair in demand}):
        trips.append(f"Origin {origin + 1}")
        trips += [f"  {d + 1} : {v!r};" for (o, d), v in demand.items() if o == origin]
    return "\n".join(net) + "\n", "\n".join(trips) + "\n"
