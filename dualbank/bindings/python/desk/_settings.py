"""settings.toml, which os.getenv reads on the board: names at the top level, texts and integers."""

import tomllib


def read(path):
    """{name: str or int}. FileNotFoundError as files do, ValueError for what is no TOML."""
    with open(path, "rb") as file:
        try:
            found = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path}: {error}") from None
    return {name: value for name, value in found.items() if isinstance(value, (str, int)) and not isinstance(value, bool)}
