"""How a venue is found by what somebody types. Pure, but for a table and a library that are read when first needed."""

from wenyue.catalogue.search.folding import fold, is_blank
from wenyue.catalogue.search.near import nearest
from wenyue.catalogue.search.query import Query, query_of
from wenyue.catalogue.search.texts import SEARCH_VERSION, SearchText, search_text

__all__ = ["SEARCH_VERSION", "Query", "SearchText", "fold", "is_blank", "nearest", "query_of", "search_text"]
