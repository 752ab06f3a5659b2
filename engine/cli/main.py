"""The command `haplomap`: which commands there are, and how each way of ending becomes an exit code.

Only this module catches what commands raise. Next: any file of `cli/commands`.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

import click

from engine import __version__
from engine.cli.lazy import Commands
from engine.errors import DocumentError, EngineError, Interrupted
from engine.journal import cannot_write

FULL = (errno.ENOSPC, errno.EDQUOT)
COMMANDS = (
    "demo",
    "init",
    "scaffold",
    "check",
    "fmt",
    "schema",
    "test",
    "plan",
    "run",
    "diff",
    "extract",
    "preview",
    "record",
    "explain",
    "review",
    "docs",
    "runs",
    "purge",
    "haplo",
    "simulate",
)


@click.group(
    cls=Commands, known=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="haplomap")
def cli() -> None:
    """Move a school's data into Haplo, as YAML documents say.

    \b
    Begin with:
      haplomap demo              the whole way, against simulators on this machine
      haplomap init my-school    a project of your own

    \b
    Exit codes: 0 fine; 1 the run failed, or a test did, or it was declined, or a review found a change;
    2 the documents or the command are wrong; 3 a bug of haplomap; 4 the school has paused its feed, or not agreed;
    5 a guard has stopped the run; 130 interrupted.

    \b
    Completion: eval "$(_HAPLOMAP_COMPLETE=bash_source haplomap)"   (zsh: zsh_source)
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code."""
    sys.exit(_main(arguments))


def _main(arguments: list[str] | None) -> int:
    try:
        code = cli.main(args=arguments, prog_name="haplomap", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _fail(Interrupted("interrupted"))
    except DocumentError as error:
        from engine.cli.show import show_problems

        show_problems(error.problems, "text")
        return error.exit_code
    except EngineError as error:
        return _fail(error)
    except BrokenPipeError:
        _give_up_output()
        return 1
    except OSError as error:
        return _report_full(error) if error.errno in FULL else _report_bug(error)
    except Exception as bug:  # the last line of defence: whatever is left is a bug of ours
        return _report_bug(bug)


def _fail(error: EngineError) -> int:
    from engine.cli.show import source_line
    from engine.problem_text import render_error

    click.echo(render_error(error, source_line), err=True)
    return error.exit_code


def _report_full(error: OSError) -> int:
    """Say which disk is full; what Python raises of its own names no file for standard output."""
    _give_up_output()
    return _fail(cannot_write(Path(error.filename or "standard output"), error))


def _give_up_output() -> None:
    """Let what is still to be printed go nowhere, so that the end of this process does not fail over it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_bug(bug: Exception) -> int:
    """Say so in one line; write where it happened, without what it says, since that may hold data."""
    frames = "".join(traceback.format_list(traceback.extract_tb(bug.__traceback__)))
    text = f"haplomap {__version__}, Python {sys.version}\n{type(bug).__qualname__}\n{frames}"
    click.echo(f"error: a bug of haplomap: {type(bug).__qualname__} [bug]", err=True)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="haplomap-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:
        click.echo(f"  why: {text.rstrip()}", err=True)
    else:
        click.echo(f"  fix: report it, with {Path(file.name)} (it holds no data of a school)", err=True)
    return 3
