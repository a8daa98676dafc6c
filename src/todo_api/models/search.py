"""The index behind full-text search."""

from typing import Final

from sqlalchemy import String, column, table

from todo_api.db.columns import Id

# One row for each todo, on SQLite an FTS5 table and on PostgreSQL one with a tsvector made from these columns (`vector`): only a
# migration can say that, so this is no mapped class. The texts are made by `domain.search.indexed`. `scope` holds words that no
# text can hold: the todo, its list and its workspace, so that a search reads no more of the index than the searcher may see.
TODO_SEARCH: Final = table(
    "todo_search",
    column("todo_id", Id()),
    column("title", String()),
    column("notes", String()),
    column("comments", String()),
    column("scope", String()),
)
