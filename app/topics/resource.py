"""Topics as a kind of resource."""

from app.resources.kind import Kind
from app.topics.models import Topic, TopicCreate, TopicPublic, TopicUpdate

TOPICS = Kind(
    path="topics",
    table=Topic,
    create=TopicCreate,
    public=TopicPublic,
    update=TopicUpdate,
    belongs_by=("agreement_id",),
    named_by="name",
    searched=("name",),
)
