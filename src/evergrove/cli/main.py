"""The ``evergrove`` command. Subcommands load when they are called, so that help answers at once."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from evergrove._version import __version__
from evergrove.cli.output import UsageInJson

if TYPE_CHECKING:
    from collections.abc import Iterator

#: command -> (module, what it does, for the list of commands)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("evergrove.cli.demo", "Build the shipped review and say what it finds."),
    "new": ("evergrove.cli.new", "Make a review folder with a commented protocol."),
    "import": ("evergrove.cli.import_files", "Import the records of databases and registries."),
    "search": ("evergrove.cli.search", "Run a review's saved searches and import what is new."),
    "update": ("evergrove.cli.update", "Run all saved searches again and name what is new."),
    "dedupe": ("evergrove.cli.dedupe", "Merge the records that are one publication."),
    "link": ("evergrove.cli.link", "Link reports to trials, and list trials without one."),
    "candidates": ("evergrove.cli.candidates", "List posted results of registries, accept them as data."),
    "export": ("evergrove.cli.export_records", "Write the records in another program's format."),
    "check": ("evergrove.cli.check", "List every fault and remark of a review."),
    "build": ("evergrove.cli.build", "Build a review's site."),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it runs."""

    as_json = False

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a subcommand."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        return command if isinstance(command, click.Command) else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether JSON is asked for; the subcommand with that option may never be reached."""
        self.as_json = "--json" in args
        with self._usage_errors():
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand, or say which there are."""
        if args[0] not in COMMANDS:
            ctx.fail(f"no command {args[0]!r}; allowed: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand."""
        with self._usage_errors():
            return super().invoke(ctx)

    @contextmanager
    def _usage_errors(self) -> Iterator[None]:
        """Turn a call that click refuses into JSON where that is asked for."""
        try:
            yield
        except click.UsageError as error:
            if self.as_json:
                raise UsageInJson(error.format_message()) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="evergrove", message="%(prog)s %(version)s")
def main() -> None:
    """Carry the evidence on a therapy from the trials to a graded answer, and keep it current.

    \b
    Start with:
      evergrove demo              the shipped review of mesenchymal stromal cells in COVID-19 and ARDS
      evergrove new my-review     a review of your own
    """  # noqa: D301 - click reads \b


if __name__ == "__main__":
    main()
