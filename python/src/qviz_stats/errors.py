"""What goes wrong is said in a sentence."""


class StatsError(ValueError):
    """Something that cannot be counted, read, merged or written; the text names it and says what to do."""
