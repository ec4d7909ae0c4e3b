"""From the document to what the trainer takes. No torch."""

from __future__ import annotations

from builder.compile.network import NetworkInference, infer_network
from builder.graph.problems import ProblemError, Severity
from builder.project.check import check
from builder.project.document import Project
from builder.project.form import to_json
from builder.project.weights import beginning, located
from builder.train.job import Job


def make_job(project: Project, known: NetworkInference | None = None) -> Job:
    """The job of training this project as it stands. Raises `ProblemError` with all that keeps it from training.

    Args:
        project: with the place of its weights known; a relative path counts from the working folder.
        known: what is known of this network, or one like it, where the caller has that.
    """
    project = located(project, None)
    known = infer_network(project.network, known)
    errors = [problem for problem in check(project, known) if problem.severity is Severity.ERROR]
    if errors:
        raise ProblemError(*errors)
    return Job(known.flat.graph, project.data, project.training, to_json(project), beginning(project))
