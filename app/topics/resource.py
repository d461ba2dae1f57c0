"""What the register knows of topics: the declaration of the kind."""

from app.resources.kind import Kind
from app.topics.models import Topic, TopicCreate, TopicPublic

TOPICS = Kind(path="topics", table=Topic, create=TopicCreate, public=TopicPublic, named_by="name", searched=("name",))
