//! W and U: what comes in from providers and people, and what goes out to other servers.

use super::{
    features::Feature::{Imports, Pictures, UploadLinks, WebhooksOut},
    items::{Item, partly, proven, waiting},
};

pub const ITEMS: &[Item] = &[
    proven(
        "W1",
        "an event without a signature, or with a wrong one",
        &[
            ("it", "w1_an_event_that_is_not_signed_by_the_provider_leaves_nothing"),
            ("calls", "a_forged_event_is_not_kept"),
            ("switchboard", "anything_else_is_not"),
            ("switchboard", "anything_changed_does_not"),
        ],
    ),
    proven(
        "W2",
        "an event whose bytes are other ones than were signed",
        &[("it", "w2_a_signature_is_over_the_bytes_and_not_over_what_they_mean")],
    ),
    proven(
        "W3",
        "an event sent again in time",
        &[
            ("it", "w6_a_hundred_copies_of_an_event_at_once_are_one"),
            ("calls", "events_that_come_twice_or_in_another_order_make_the_same_call"),
        ],
    ),
    proven(
        "W4",
        "an event from long ago or from the future",
        &[
            ("it", "w1_an_event_that_is_not_signed_by_the_provider_leaves_nothing"),
            ("switchboard", "an_old_event_and_one_from_the_future_are_refused"),
            (
                "switchboard",
                "a_request_from_more_than_five_minutes_away_is_refused_in_both_directions",
            ),
        ],
    ),
    proven(
        "W5",
        "an event of one receiver sent to another",
        &[
            ("it", "w5_an_event_signed_for_another_installation_is_not_for_this_one"),
            ("calls", "w5_an_event_moves_the_call_it_is_about_and_nobody_elses"),
        ],
    ),
    proven(
        "W6",
        "a hundred copies at once",
        &[
            ("it", "w6_a_hundred_copies_of_an_event_at_once_are_one"),
            ("calls", "many_workers_charge_once"),
        ],
    ),
    proven(
        "W7",
        "events in another order",
        &[
            ("identity", "w7_the_same_events_in_any_order_end_the_same"),
            ("calls", "events_that_come_twice_or_in_another_order_make_the_same_call"),
            ("switchboard", "sights_in_any_order_and_number_end_in_the_same_call"),
        ],
    ),
    proven(
        "W8",
        "an acknowledgement that is lost",
        &[("calls", "events_that_come_twice_or_in_another_order_make_the_same_call")],
    ),
    proven(
        "W9",
        "a body without end, in size or in time",
        &[("it", "w9_a_body_is_read_up_to_a_length_and_for_a_time")],
    ),
    waiting("W10", "delivery to addresses inside", &[WebhooksOut]),
    waiting(
        "W11",
        "a name that points outside first and inside later",
        &[WebhooksOut],
    ),
    waiting("W12", "a receiver that redirects inside", &[WebhooksOut]),
    waiting(
        "W13",
        "a receiver that fails, refuses, drips or never ends",
        &[WebhooksOut],
    ),
    waiting("W14", "one organization's backlog before everybody's", &[WebhooksOut]),
    waiting("W15", "kill -9 between sending and writing it down", &[WebhooksOut]),
    waiting("W16", "a receiver changed while events wait", &[WebhooksOut]),
    waiting("W17", "published against delivered", &[WebhooksOut]),
    partly(
        "W18",
        "a sender whose clock is wrong",
        &[
            ("switchboard", "an_old_event_and_one_from_the_future_are_refused"),
            (
                "switchboard",
                "a_request_from_more_than_five_minutes_away_is_refused_in_both_directions",
            ),
        ],
        &[WebhooksOut],
    ),
    waiting("W19", "header lines in a receiver's settings", &[WebhooksOut]),
    partly(
        "U1",
        "an archive that unfolds without end",
        &[
            ("it", "what_cannot_be_read_says_why_and_keeps_nobody_else_waiting"),
            ("switchboard", "a_bomb_and_what_is_no_document_are_refused"),
        ],
        &[Imports],
    ),
    proven(
        "U2",
        "a body longer than allowed, said or not",
        &[
            ("it", "w9_a_body_is_read_up_to_a_length_and_for_a_time"),
            ("it", "what_cannot_be_read_says_why_and_keeps_nobody_else_waiting"),
        ],
    ),
    proven(
        "U3",
        "formulas in a table that is taken out",
        &[
            (
                "switchboard",
                "what_a_spreadsheet_would_run_is_words_and_a_program_reads_it_as_it_is",
            ),
            ("it", "a_list_of_many_pages_is_one_file_of_one_organization"),
        ],
    ),
    proven(
        "U4",
        "file names that leave their folder",
        &[
            ("it", "what_cannot_be_read_says_why_and_keeps_nobody_else_waiting"),
            ("switchboard", "of_a_path_only_the_name_counts"),
        ],
    ),
    proven(
        "U5",
        "a file that is something else as well",
        &[
            ("it", "what_cannot_be_read_says_why_and_keeps_nobody_else_waiting"),
            ("switchboard", "a_file_is_what_its_name_and_its_beginning_say"),
        ],
    ),
    waiting("U6", "a table that is too large or malformed", &[Imports]),
    partly(
        "U7",
        "entities in XML",
        &[
            ("it", "what_cannot_be_read_says_why_and_keeps_nobody_else_waiting"),
            ("switchboard", "paragraphs_headings_lists_and_tables_are_read"),
        ],
        &[Imports],
    ),
    waiting("U8", "an image that unfolds without end", &[Pictures]),
    waiting(
        "U9",
        "a permission to upload used for another organization",
        &[UploadLinks],
    ),
    proven(
        "U10",
        "a thousand slow uploads",
        &[("it", "a_thousand_slow_uploads_keep_nobody_waiting")],
    ),
];
