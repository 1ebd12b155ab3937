"""A module, or anything out of it, that does nothing: pins, lamps and buttons on the desk."""


class Inert:
    """Can be called, indexed, entered, iterated (nothing comes); keeps what is assigned to it. An input reads True, as a
    button with a pull-up does that nobody presses."""

    def __init__(self, name="inert"):
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return True if name == "value" else Inert(f"{self._name}.{name}")

    def __call__(self, *args, **kwargs):
        return Inert(f"{self._name}()")

    def __getitem__(self, key):
        return Inert(f"{self._name}[]")

    def __setitem__(self, key, value):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __repr__(self):
        return f"<{self._name}: inert>"
