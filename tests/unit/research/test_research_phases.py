"""The five phases: pure, deterministic, and honest about what they could not find."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conftest import World  # noqa: F401  # the fixture's type, found beside this file

from reprise_contracts.artifacts import Citation, Finding, Goal, Phase0, Phase1, Phase2, PreparedSource, Step, StepFindings, Summary
from reprise_contracts.frames import ScrapingItemUpdate, ScrapingStatus, WorkflowProgress
from reprise_contracts.jobs import Gap
from reprise_contracts.sources import Source
from reprise_research.context import Brief, Context, Library, MemoryStore
from reprise_research.engines.drafts import PlanDraft
from reprise_research.engines.extractive import Extractive
from reprise_research.errors import InvalidPlan, NoSources, NothingToRead
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
