"""Why webhooks can be refused."""

from app.http.problems import Problem
from app.language import Text


class WebhooksOff(Problem):
    """This installation has no webhooks: its operator set no `REGISTER_WEBHOOK_KEY`."""

    status = 409
    slug = "webhooks-off"
    title = Text("Keine Webhooks", "No webhooks")
    about = Text(
        "Diese Installation versendet nichts: der Betreiber hat REGISTER_WEBHOOK_KEY nicht gesetzt.",
        "This installation sends nothing: its operator did not set REGISTER_WEBHOOK_KEY.",
    )
    remedy = Text(
        "Den Betreiber bitten, REGISTER_WEBHOOK_KEY zu setzen; bis dahin GET /v1/changes?wait=30 verwenden.",
        "Ask the operator to set REGISTER_WEBHOOK_KEY; until then use GET /v1/changes?wait=30.",
    )


class ReplayInProgress(Problem):
    """Another replay of this endpoint is not finished yet; its deliveries say how far it is."""

    status = 409
    slug = "replay-in-progress"
    title = Text("Wiederholung läuft noch", "Replay in progress")
    about = Text(
        "Für diesen Endpunkt läuft noch eine Wiederholung. Bitte danach noch einmal versuchen.",
        "Another replay of this endpoint is not finished yet. Try again when it is.",
    )
    remedy = Text(
        "Warten, bis die laufende Wiederholung zu Ende ist: .../deliveries des Endpunkts zeigt, wie weit sie ist.",
        "Wait for the replay to end: the endpoint's .../deliveries show how far it is.",
    )
