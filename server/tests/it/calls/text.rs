//! Written conversations: this process stays on the line.

use switchboard::{
    Error,
    calls::{EndReason, Medium, Speaker, Status, flow},
};

use crate::calls::support::{World, text};

#[tokio::test]
async fn a_conversation_is_written_read_and_ended() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let placed = flow::place(&world.core, &world.caller, text(&agent)).await.unwrap();
    assert_eq!((placed.medium, placed.to_number.clone()), (Medium::Text, None));
    let lines = async |role: Speaker| {
        let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
        talk.messages
            .into_iter()
            .filter(|message| message.role == role)
            .map(|message| message.text)
            .collect::<Vec<_>>()
    };
    // No worker runs here: the socket itself sees to it that words appear.
    world.until(async || !lines(Speaker::Agent).await.is_empty()).await;
    flow::say(&world.core, &world.caller, placed.id, "I want to change my order.")
        .await
        .unwrap();
    world.until(async || lines(Speaker::Agent).await.len() == 2).await;
    assert_eq!(lines(Speaker::Person).await, ["I want to change my order."]);
    assert!(lines(Speaker::Agent).await[1].contains("change your order"));

    flow::stop(&world.core, &world.caller, placed.id).await.unwrap();
    world
        .until(async || {
            flow::get(&world.core, &world.caller, placed.id)
                .await
                .unwrap()
                .status
                .is_over()
        })
        .await;
    let call = flow::get(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(
        (call.status, call.end_reason),
        (Status::Completed, Some(EndReason::ManuallyStopped))
    );
    assert!(matches!(
        flow::say(&world.core, &world.caller, placed.id, "Hello?").await,
        Err(Error::Conflict(_))
    ));
    world.stop().await;
}

#[tokio::test]
async fn nobody_writes_into_a_phone_call() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let placed = flow::place(
        &world.core,
        &world.caller,
        crate::calls::support::phone(&agent, "+14155550100"),
    )
    .await
    .unwrap();
    assert!(matches!(
        flow::say(&world.core, &world.caller, placed.id, "Hello?").await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(
        flow::say(&world.core, &world.caller, placed.id, " ").await,
        Err(Error::Invalid(_))
    ));
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_whose_placing_lost_its_answer_is_joined_by_the_worker() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.lose_answer("/api/agents/").await;
    let placed = flow::place(&world.core, &world.caller, text(&agent)).await.unwrap();
    assert_eq!(placed.status, Status::Queued);
    world.look_now().await;
    world
        .until(async || flow::get(&world.core, &world.caller, placed.id).await.unwrap().status == Status::InProgress)
        .await;
    world.stop().await;
}
