"""A run that somebody kills: asks a server about n pairs and keeps the answers in a file."""

import sys

from incentax.users.backends import Cache, HttpModel, LanguageUsers

from .many import queries

if __name__ == "__main__":
    url, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rater = LanguageUsers(
        HttpModel(url, "tiny", concurrency=16), "movies-compact", cache=Cache(path)
    )
    rater.react(queries(count))
    rater.close()
    print("done")
