"""``python -m todo_api`` and the ``todo-api`` command."""

from todo_api.cli.admin import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
