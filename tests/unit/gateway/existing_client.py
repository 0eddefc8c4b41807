"""What the first user's own front end keeps of the frames that it gets: written from the table of what it
reads, field by field."""

from typing import Any

NONE = "None"


class ExistingClient:
    """A fold over frames. It reads as carelessly as the original: a field that is missing makes it throw, or
    show nothing."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.report: str | None = None
        self.report_stale = False
        self.goals: list[dict[str, Any]] = []
        self.plan: list[dict[str, Any]] = []
        self.goal: dict[str, Any] | None = None
        self.steps: dict[int, dict[str, Any]] = {}
        self.streams: dict[str, str] = {}
        self.summaries: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.expected = 0
        self.may_go_on = False
        self.cancelled = ""
        self.progress = 0.0
        self.rerun: dict[str, Any] = {"busy": False, "error": None, "phases": []}
        self.step_rerun: dict[str, Any] = {"busy": False, "error": None, "step": None}
        self.errors: list[str] = []
        self.unknown: set[str] = set()

    def take(self, frame: dict[str, Any]) -> None:
        handler = getattr(self, "_" + frame["type"].replace(":", "_"), None)
        if handler is None:
            self.unknown.add(frame["type"])
        else:
            handler(frame)

    def _named(self, frame: dict[str, Any]) -> None:
        self.session_id = frame["session_id"] or self.session_id

    def _workflow_progress(self, frame: dict[str, Any]) -> None:
        self.progress = frame["progress"]

    def _batch_initialized(self, frame: dict[str, Any]) -> None:
        self.expected = frame["expected_total"] or frame["total_processes"]

    def _scraping_status(self, frame: dict[str, Any]) -> None:
        self.expected = frame["expected_total"]
        assert 0 <= frame["completion_rate"] <= 1
        assert {item["status"] for item in frame["items"]} <= {
            "pending",
            "in-progress",
            "completed",
            "failed",
        }
        self.may_go_on = frame["can_proceed_to_research"]

    def _scraping_all_complete_confirmed(self, frame: dict[str, Any]) -> None:
        expected = frame["expected_total"]
        done = frame["is_100_percent"] and frame["completed_count"] + frame["failed_count"] >= expected
        self.expected, self.may_go_on = (
            expected,
            bool(frame["confirmed"] and done and not frame["pending_count"]),
        )

    def _scraping_item_progress(self, frame: dict[str, Any]) -> None:
        self.links[frame["link_id"]] = frame["stage"]

    def _scraping_item_update(self, frame: dict[str, Any]) -> None:
        assert frame["timestamp"]
        self.links[frame["link_id"]] = frame["status"]

    def _scraping_cancelled(self, frame: dict[str, Any]) -> None:
        assert frame["timestamp"]
        self.cancelled = frame["reason"]

    def _phase0_summary(self, frame: dict[str, Any]) -> None:
        assert frame["timestamp"] and frame["summary_type"] in {"transcript", "comments"}
        self.summaries[frame["link_id"]] = frame["summary"]

    def _research_stream_start(self, frame: dict[str, Any]) -> None:
        self.streams[frame["stream_id"]] = ""

    def _research_stream_token(self, frame: dict[str, Any]) -> None:
        thought, said = frame.get("reasoning_content"), frame.get("content")
        if thought != NONE:
            thought[:30]
        if said != NONE:
            self.streams[frame["stream_id"]] += said[:]
        elif thought == NONE and frame["token"]:
            self.streams[frame["stream_id"]] += frame["token"]

    def _research_goals(self, frame: dict[str, Any]) -> None:
        self.goals = [
            {name: goal[name] for name in ("id", "goal_text", "rationale", "uses", "sources")}
            for goal in frame["goals"]
        ]
        assert all(isinstance(goal["id"], int) for goal in self.goals)

    def _research_plan(self, frame: dict[str, Any]) -> None:
        names = ("step_id", "goal", "required_data", "chunk_strategy", "notes")
        self.plan = [{name: step[name] for name in names} for step in frame["plan"]]

    def _research_synthesized_goal(self, frame: dict[str, Any]) -> None:
        goal = frame["synthesized_goal"]
        self.goal = {
            name: goal[name] for name in ("comprehensive_topic", "component_questions", "unifying_theme")
        }

    def _phase3_step_complete(self, frame: dict[str, Any]) -> None:
        data = frame["stepData"]
        found = data["findings"]
        claims = [
            (claim["claim"], claim["supporting_evidence"])
            for claim in found["points_of_interest"]["key_claims"]
        ]
        [
            (one["evidence_type"], one["description"])
            for one in found["points_of_interest"]["notable_evidence"]
        ]
        assert set(found["analysis_details"]) >= {"five_whys", "assumptions", "uncertainties"}
        assert isinstance(data["insights"], str) and 0 <= data["confidence"] <= 1 and data["timestamp"]
        self.steps[data["step_id"]] = {
            "summary": found["summary"],
            "article": found["article"],
            "claims": claims,
        }

    def _phase4_report_ready(self, frame: dict[str, Any]) -> None:
        self.report = frame["report"]

    def _workflow_complete(self, frame: dict[str, Any]) -> None:
        self.session_id = (frame.get("result") or {}).get("session_id")
        self.report_stale = False

    def _research_complete(self, frame: dict[str, Any]) -> None:
        self._named(frame)

    def _research_phase_rerun_started(self, frame: dict[str, Any]) -> None:
        self._named(frame)
        self.rerun = {"busy": True, "error": None, "phases": frame["phases"]}

    def _research_phase_rerun_complete(self, frame: dict[str, Any]) -> None:
        self._named(frame)
        self.rerun = {"busy": False, "error": None, "phases": frame["phases"]}
        if isinstance(frame.get("report_stale"), bool):
            self.report_stale = frame["report_stale"]

    def _research_phase_rerun_error(self, frame: dict[str, Any]) -> None:
        self._named(frame)
        self.rerun = {"busy": False, "error": frame["message"], "phases": []}

    def _research_step_rerun_started(self, frame: dict[str, Any]) -> None:
        self._named(frame)
        self.step_rerun = {"busy": True, "error": None, "step": frame["step_id"]}
        self.report_stale = True

    def _research_step_rerun_complete(self, frame: dict[str, Any]) -> None:
        self._named(frame)
        self.step_rerun = {"busy": False, "error": None, "step": frame["step_id"]}
        self.report_stale = frame["report_stale"]

    def _research_step_rerun_error(self, frame: dict[str, Any]) -> None:
        self._named(frame)
        self.step_rerun = {"busy": False, "error": frame["message"], "step": frame["step_id"]}

    def _error(self, frame: dict[str, Any]) -> None:
        self.errors.append(frame["message"])
