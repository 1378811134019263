"""The day with the package that openapi-python-client makes."""

import os
import time
import uuid

from switchboard_client import AuthenticatedClient
from switchboard_client.api.agents import create_agent, delete_agent, get_agent, list_agents, replace_agent, update_agent
from switchboard_client.api.calls import get_call, get_recording, get_transcript, place_call
from switchboard_client.models import (
    Agent,
    AgentDraft,
    AgentDraftMetadata,
    AgentPage,
    AgentPatch,
    Call,
    CallDraft,
    CallDraftVariables,
    Conversation,
    DestinationType0,
    DestinationType0Medium,
    Variable,
)

client = AuthenticatedClient(
    base_url=f"{os.environ['SWITCHBOARD_URL']}/api/v1",
    token=os.environ["SWITCHBOARD_KEY"],
    raise_on_unexpected_status=True,
)


def main() -> None:
    name = "Agent of openapi-python-client"
    draft = AgentDraft(
        name=name,
        prompt="You are Mia. Say hello to {{caller}}.",
        voice_id=os.environ["SWITCHBOARD_VOICE"],
        variables=[Variable(name="caller", required=True)],
        metadata=AgentDraftMetadata.from_dict({"made_by": "day"}),
    )
    made = create_agent.sync(client=client, body=draft)
    assert isinstance(made, Agent), made
    page = list_agents.sync(client=client, q=name, limit=10, metadata=["made_by:day"])
    assert isinstance(page, AgentPage) and [row.id for row in page.items] == [made.id], page
    renamed = update_agent.sync(made.id, client=client, body=AgentPatch(name=f"{name}, renamed"))
    assert isinstance(renamed, Agent) and renamed.name == f"{name}, renamed", renamed

    read = get_agent.sync(made.id, client=client)
    assert isinstance(read, Agent), read
    body = AgentDraft.from_dict(read.to_dict())
    body.description = "Answers at night."
    replaced = replace_agent.sync(made.id, client=client, body=body)
    assert isinstance(replaced, Agent) and replaced.description == "Answers at night.", replaced

    variables = CallDraftVariables()
    variables["caller"] = "Ada"
    to = DestinationType0(medium=DestinationType0Medium.PHONE, number="+14155550100")
    call = place_call.sync(
        client=client,
        body=CallDraft(agent_id=made.id, to=to, variables=variables),
        idempotency_key=str(uuid.uuid4()),
    )
    assert isinstance(call, Call), call
    ended = call
    for _ in range(600):
        conversation = get_call.sync(call.id, client=client)
        assert isinstance(conversation, Conversation), conversation
        ended = conversation.call
        if ended.ended_at and str(ended.recording) != "pending":
            break
        time.sleep(0.1)
    assert ended.variables["caller"] == "Ada", ended
    said = get_transcript.sync(call.id, client=client)
    assert isinstance(said, list) and len(said) > 1, said
    recording = get_recording.sync_detailed(call.id, client=client)
    assert recording.content[:4] == b"RIFF", recording

    delete_agent.sync_detailed(made.id, client=client)
    assert get_agent.sync_detailed(made.id, client=client).status_code == 404
    print(
        "openapi-python-client: an agent made, listed, changed, replaced and deleted; "
        f"a call placed, read ({len(said)} messages) and heard ({len(recording.content)} bytes)"
    )


main()
