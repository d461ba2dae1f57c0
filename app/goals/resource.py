"""Goals as a kind of resource."""

from app.goals.models import Goal, GoalCreate, GoalPublic, GoalUpdate
from app.resources.kind import Kind

GOALS = Kind(
    path="goals",
    table=Goal,
    create=GoalCreate,
    public=GoalPublic,
    update=GoalUpdate,
    belongs_by=("agreement_id",),
)
