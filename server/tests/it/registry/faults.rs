//! F: what breaks by itself.

use super::{
    features::Feature::{Replicas, Restore, Rolling, SealedLog},
    items::{Item, partly, proven, waiting},
};

pub const ITEMS: &[Item] = &[
    proven(
        "F1",
        "kill -9 of the program",
        &[
            ("process", "a_killed_server_leaves_nothing_on_one_side_only"),
            (
                "calls",
                "a_process_that_dies_while_it_dials_leaves_an_intent_that_is_followed_up",
            ),
            (
                "cluster",
                "kill_9_of_a_host_leaves_the_server_for_the_next_one_and_its_use_ends",
            ),
        ],
    ),
    partly(
        "F2",
        "Postgres restarted at once",
        &[
            ("process", "f2_a_postgres_that_is_killed_and_comes_back_is_used_again"),
            ("cluster", "what_is_committed_survives_kill_9_of_the_server"),
        ],
        &[Replicas],
    ),
    proven(
        "F3",
        "no connection left",
        &[("it", "f3_without_a_connection_requests_are_put_off_and_then_go_on")],
    ),
    proven(
        "F4",
        "a provider that fails, hangs or talks nonsense",
        &[
            ("it", "a_provider_that_fails_is_named_and_nothing_is_changed"),
            ("switchboard", "failures_are_told_apart_by_what_may_have_happened"),
            ("switchboard", "an_unreadable_success_counts_as_unknown"),
        ],
    ),
    proven(
        "F5",
        "a database that takes no more writes",
        &[(
            "it",
            "f5_a_database_that_takes_no_writes_is_still_read_and_nothing_is_half_done",
        )],
    ),
    proven(
        "F6",
        "clocks that are wrong",
        &[
            ("switchboard", "clocks_may_differ_by_five_seconds_and_no_more"),
            ("identity", "a5_a_token_counts_only_in_its_time"),
            ("calls", "c5_a_process_that_sleeps_past_its_lease_saves_nothing"),
        ],
    ),
    proven(
        "F7",
        "names that are not resolved",
        &[
            (
                "it",
                "f7_a_provider_whose_name_is_nowhere_is_not_reached_and_that_is_all",
            ),
            ("switchboard", "a_provider_that_is_not_there_did_nothing"),
        ],
    ),
    proven(
        "F8",
        "being told to stop while there is work",
        &[
            ("process", "f8_a_server_that_is_told_to_stop_answers_what_it_was_asked"),
            ("calls", "the_worker_does_all_of_it_by_itself_and_stops_when_told"),
        ],
    ),
    waiting("F9", "an old program and a new one side by side", &[Rolling]),
    waiting("F10", "a copy of the database that lags", &[Replicas]),
    proven(
        "F11",
        "killed for memory, out of files",
        &[("process", "a_killed_server_leaves_nothing_on_one_side_only")],
    ),
    partly(
        "F12",
        "the database put back to an earlier moment",
        &[("verify", "what_is_restored_on_another_server_is_what_was_backed_up")],
        &[Restore],
    ),
    waiting("F13", "the audit log cut, changed or reordered", &[SealedLog]),
    proven(
        "F14",
        "the Warden killed, shut out, blinded or in the way",
        &[
            ("warden", "killed_at_any_moment_it_ends_where_it_would_have_ended"),
            ("warden", "a_role_that_row_security_blinds_is_refused"),
            ("warden", "a_second_warden_is_told_who_the_first_is"),
            ("warden", "a_lock_that_does_not_come_is_given_up_and_says_who_has_it"),
            ("warden", "a_database_that_has_changed_since_is_left_alone"),
            ("warden", "programs_of_a_shop_notice_nothing"),
        ],
    ),
];
