"""Prompts as versioned data: templates are files, and rendering is one pure function."""

from .menu import render_menu as render_menu
from .menu import stricter_menu as stricter_menu
from .render import Message as Message
from .render import Person as Person
from .render import Prompt as Prompt
from .render import PromptStyle as PromptStyle
from .render import explain as explain
from .render import fenced as fenced
from .render import render as render
from .render import render_slate as render_slate
from .render import stricter as stricter
from .template import Exemplar as Exemplar
from .template import Line as Line
from .template import Template as Template
from .template import find_template as find_template
from .template import load_template as load_template
from .template import template_names as template_names
