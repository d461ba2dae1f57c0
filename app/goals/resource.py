"""What the register knows of goals: the declaration of the kind."""

from app.goals.models import Goal, GoalCreate, GoalPublic
from app.resources.kind import Kind

GOALS = Kind(path="goals", table=Goal, create=GoalCreate, public=GoalPublic)
