//! A key that is refused, and a provider that repeats it: neither errors nor logs nor the journal show it.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use warden::claims::{Options, Stop, verify};

use crate::{
    clerk::{clerk, people},
    stand_in::{Fault, KEY, Op},
    world::options,
};

/// Everything that is logged, at every level, by everybody.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn a_refused_key_stops_everything_and_is_shown_nowhere() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 30).await;
    let log = Log::default();
    let listening = tracing::subscriber::set_default(log.clone());
    stand_in.fail(Op::Write, "user_0003", [Fault::Status(500)]);
    stand_in.fail(Op::Write, "user_0005", [Fault::Status(422)]);
    stand_in.fail(Op::Write, "user_0009", [Fault::Status(403)]);
    let outcome = world.run(&options()).await;
    assert!(matches!(outcome.stopped, Some(Stop::Key(_))), "{outcome:?}");
    assert!(
        stand_in.asked().len() < 20,
        "nobody is asked with a key that is refused"
    );

    let wrong = format!("{KEY}Too");
    let bad = Options {
        key: Some(wrong.into()),
        ..options()
    };
    let outcome = world.run(&bad).await;
    let Some(stop) = &outcome.stopped else {
        panic!("{outcome:?}")
    };
    assert!(
        stop.to_string()
            .contains("refused with 401 clerk_key_invalid: look at WARDEN_CLAIMS_KEY"),
        "{stop}"
    );
    assert_eq!(stand_in.asked().len(), 1);
    let mut connection = world.connect().await;
    let survey = verify(&mut connection, &world.plan, &bad, &|_| {}).await.unwrap();
    assert!(!survey.holds());

    drop(listening);
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("claims stopped early"), "the log was heard");
    let journal = world
        .text("select string_agg(c::text, ' ') from warden.claim c")
        .await
        .unwrap();
    assert!(journal.contains("clerk_key_invalid"));
    for shown in [log, journal, format!("{outcome:?} {survey:?} {bad:?} {stop}")] {
        assert!(!shown.contains(KEY), "{shown}");
        assert!(
            !shown.contains("user_0001"),
            "ids of people are no business of logs: {shown}"
        );
    }
}
