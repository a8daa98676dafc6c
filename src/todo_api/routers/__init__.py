"""The table of contents of the API; the hot features come first, because routes are matched in order."""

from fastapi import APIRouter

from todo_api.routers import (
    accounts,
    api_keys,
    batch,
    bulk,
    comments,
    completions,
    filter_todos,
    filters,
    health,
    labels,
    lists,
    logins,
    quick_add,
    sections,
    stats,
    todos,
    users,
    views,
    workspaces,
)

ROUTERS: tuple[APIRouter, ...] = (
    todos.router,
    views.router,
    completions.router,
    quick_add.router,
    bulk.router,
    batch.router,
    lists.router,
    sections.router,
    comments.router,
    labels.router,
    filter_todos.router,
    filters.router,
    stats.router,
    workspaces.router,
    users.router,
    logins.router,
    accounts.router,
    api_keys.router,
    health.router,
)
