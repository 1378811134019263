//! B and C: credits and payments, campaigns and jobs.

use super::{
    features::Feature::{Campaigns, Payments, SealedLog},
    items::{Item, partly, proven, waiting},
};

pub const ITEMS: &[Item] = &[
    waiting("B1", "many spend the last of a balance at once", &[Payments]),
    waiting("B2", "amounts that are none", &[Payments]),
    waiting("B3", "a hold resolved twice", &[Payments]),
    proven(
        "B4",
        "the same request fifty times at once",
        &[("it", "b4_one_key_sent_fifty_times_at_once_places_one_call")],
    ),
    proven(
        "B5",
        "the same key with another body",
        &[("it", "the_same_key_twice_has_one_effect_and_one_answer")],
    ),
    proven(
        "B6",
        "the same key from two organizations",
        &[
            ("it", "the_same_key_twice_has_one_effect_and_one_answer"),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    waiting("B7", "a crash between the provider's charge and our own", &[Payments]),
    waiting("B8", "refunds before and after the money is spent", &[Payments]),
    waiting("B9", "a dispute opened, won and lost", &[Payments]),
    waiting("B10", "a payment of another amount than was asked", &[Payments]),
    waiting("B11", "a plan changed halfway, and rounding", &[Payments]),
    waiting("B12", "a hold that nobody resolves", &[Payments]),
    partly(
        "B13",
        "the ledger edited",
        &[("rows", "b13_the_ledger_and_the_log_are_written_once")],
        &[SealedLog],
    ),
    partly(
        "B14",
        "a balance that is not the sum of its entries",
        &[("verify", "every_fault_of_the_rows_is_noticed_by_its_rule")],
        &[Payments],
    ),
    waiting("B15", "a storm of conflicts", &[Payments]),
    waiting("B16", "one offer taken many times", &[Payments]),
    waiting("C1", "kill -9 in the middle of a campaign", &[Campaigns]),
    waiting("C2", "two dialers on one list", &[Campaigns]),
    waiting("C3", "a pause while numbers are dialed", &[Campaigns]),
    partly(
        "C4",
        "a call accepted whose answer is lost",
        &[("calls", "a_call_whose_answer_was_lost_is_found_and_not_dialed_again")],
        &[Campaigns],
    ),
    partly(
        "C5",
        "a lease that ends while its holder lives",
        &[("calls", "c5_a_process_that_sleeps_past_its_lease_saves_nothing")],
        &[Campaigns],
    ),
    waiting("C6", "one number in two spellings", &[Campaigns]),
    waiting("C7", "hours in which nobody is called", &[Campaigns]),
    waiting("C8", "a number withdrawn while it waits", &[Campaigns]),
    waiting("C9", "a cap on calls at once", &[Campaigns]),
    waiting("C10", "credits that run out halfway", &[Campaigns]),
    waiting("C11", "a campaign deleted halfway", &[Campaigns]),
    partly(
        "C12",
        "a job that fails for ever",
        &[("calls", "an_event_about_nothing_of_ours_is_given_up_in_the_end")],
        &[Campaigns],
    ),
];
