"""What a search gives back: one page of it, with what the page has to say about the whole."""

from dataclasses import dataclass

from gallery.models import Image


@dataclass(frozen=True)
class Hit:
    image: Image
    score: float | None = None  # cosine similarity, -1 to 1; None: nothing was compared
    distinctness: float | None = None  # see relevance.py; None: the model's background is not measured yet
    is_likely: bool = True  # not below the relevance line
    by_words: bool = False  # stands here for what is said of it more than for what it shows


@dataclass(frozen=True)
class Results:
    """One page of everything there is, best first. Has the names of Django's Page for templates."""

    hits: list[Hit]
    total: int
    number: int
    num_pages: int
    likely: int | None = None  # of all, how many are not below the relevance line; None: not known
    has_line: bool = False  # whether the relevance line is known

    @property
    def nothing_matches(self) -> bool:
        return self.has_line and self.likely == 0 and self.total > 0

    @property
    def sure_hits(self) -> list[Hit]:
        return [hit for hit in self.hits if hit.is_likely]

    @property
    def other_hits(self) -> list[Hit]:
        """Below the line; in every order they come after the others."""
        return [hit for hit in self.hits if not hit.is_likely]

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.num_pages

    @property
    def previous_page_number(self) -> int:
        return self.number - 1

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    @property
    def has_other_pages(self) -> bool:
        return self.num_pages > 1

    @property
    def paginator(self) -> "Results":
        return self
