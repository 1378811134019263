//! A and K: people, tokens, sessions and keys.

use super::{
    features::Feature::RefreshTokens,
    items::{Item, proven, waiting},
};

pub const ITEMS: &[Item] = &[
    proven(
        "A1",
        "a token without an algorithm",
        &[("identity", "a1_no_algorithm_is_no_signature")],
    ),
    proven(
        "A2",
        "a public key used as a shared secret",
        &[("identity", "a2_a_public_key_is_not_a_shared_secret")],
    ),
    proven(
        "A3",
        "a key name that is a path, a statement, a URL or a book",
        &[
            ("identity", "a3_a_key_name_is_looked_up_and_nothing_else"),
            ("identity", "a3_a_hundred_unknown_names_at_once_cause_one_request"),
            ("switchboard", "a_name_that_cannot_be_a_keys_causes_no_request"),
        ],
    ),
    proven(
        "A4",
        "a token that brings its own key",
        &[("identity", "a4_a_token_does_not_bring_its_own_key")],
    ),
    proven(
        "A5",
        "a token outside its time",
        &[
            ("identity", "a5_a_token_counts_only_in_its_time"),
            (
                "switchboard",
                "a5_a_token_that_was_good_a_moment_ago_is_not_remembered_past_its_end",
            ),
        ],
    ),
    proven(
        "A6",
        "times of another type",
        &[
            ("identity", "a6_a_time_that_is_not_a_whole_number_is_none"),
            ("switchboard", "a_time_of_another_type_or_out_of_range_is_refused"),
        ],
    ),
    proven(
        "A7",
        "a required claim left out",
        &[("identity", "a7_every_claim_that_is_required_is_missed")],
    ),
    proven(
        "A8",
        "a token for somebody else",
        &[("identity", "a8_a_token_for_somebody_else_is_not_for_us")],
    ),
    proven(
        "A9",
        "another organization under the same signature",
        &[("identity", "a9_a_claim_changed_after_signing_breaks_the_signature")],
    ),
    proven(
        "A10",
        "a good token of somebody who is no member",
        &[(
            "identity",
            "a10_a_good_token_for_an_organization_of_others_opens_nothing",
        )],
    ),
    proven(
        "A11",
        "a request that contradicts its credential",
        &[(
            "door",
            "a11_whatever_else_a_request_says_the_credential_decides_the_organization",
        )],
    ),
    proven(
        "A12",
        "a live token of somebody who was removed",
        &[
            (
                "identity",
                "a12_who_was_removed_is_out_at_the_next_request_and_no_older_token_brings_them_back",
            ),
            ("identity", "a12_who_is_removed_keeps_the_session_and_loses_the_place"),
            ("identity", "a12_removed_at_clerk_means_out_now_whatever_the_token_says"),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    proven(
        "A13",
        "a live token of somebody who was demoted",
        &[
            ("identity", "a13_who_was_demoted_may_do_less_at_the_next_request"),
            (
                "identity",
                "a13_demoted_at_clerk_means_less_now_whatever_the_token_says",
            ),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    proven(
        "A14",
        "an old token or page after the switch to another organization",
        &[
            ("identity", "a14_a_token_stays_in_the_organization_it_was_issued_for"),
            ("it", "a_page_of_another_organization_than_the_sessions_gets_nothing"),
            ("journeys", "two tabs of one browser never mix two organizations"),
        ],
    ),
    proven(
        "A15",
        "an organization or a role that people wrote themselves",
        &[
            (
                "identity",
                "a15_what_a_person_may_write_about_themselves_counts_for_nothing",
            ),
            (
                "switchboard",
                "what_the_server_wrote_counts_and_what_the_person_may_write_does_not",
            ),
        ],
    ),
    proven(
        "A16",
        "a session fixed beforehand",
        &[
            (
                "identity",
                "a16_the_cookie_changes_with_the_organization_and_the_old_one_is_dead",
            ),
            ("it", "a16_signing_in_takes_over_no_cookie_that_was_there_before"),
        ],
    ),
    proven(
        "A17",
        "the table of sessions stolen",
        &[("identity", "a17_nothing_stored_of_a_session_or_a_link_opens_anything")],
    ),
    proven(
        "A18",
        "a session after signing out, a new password, a disabled account",
        &[
            ("identity", "a18_signing_out_ends_one_browser_or_all"),
            (
                "identity",
                "a18_a_new_password_ends_every_session_and_every_earlier_link",
            ),
            ("identity", "a18_a_session_ended_at_clerk_opens_no_page"),
            ("identity", "a_disabled_person_has_no_session"),
        ],
    ),
    proven(
        "A19",
        "a cookie without its prefix, from a subdomain, over http",
        &[
            ("app", "a_session_cookie_is_out_of_reach_of_scripts_and_other_sites"),
            ("it", "a19_where_there_is_https_only_a_cookie_bound_to_this_host_counts"),
        ],
    ),
    proven(
        "A20",
        "a request that another site makes the browser send",
        &[
            ("it", "another_site_cannot_post_with_a_cookie"),
            ("it", "no_server_function_is_asked_by_get"),
            ("it", "a20_no_other_site_makes_a_signed_in_browser_do_anything"),
        ],
    ),
    proven(
        "A21",
        "guessing passwords, from one address or many",
        &[
            (
                "identity",
                "a21_five_wrong_passwords_pause_the_account_and_the_fifth_says_so",
            ),
            ("identity", "a21_guesses_made_at_the_same_time_are_all_counted"),
            ("identity", "a21_one_address_trying_many_accounts_pauses_too"),
            ("it", "a21_an_address_is_the_connections_and_not_what_a_header_says"),
            (
                "it",
                "a21_behind_a_proxy_an_address_is_what_the_proxy_says_and_not_what_the_client_says",
            ),
            (
                "it",
                "a21_a_program_without_a_token_is_counted_by_the_address_that_the_proxy_says",
            ),
        ],
    ),
    proven(
        "A22",
        "finding out who has an account",
        &[
            (
                "identity",
                "a22_signing_up_with_a_known_address_answers_as_with_a_new_one_and_only_the_mail_tells",
            ),
            ("it", "a22_no_answer_tells_whether_somebody_has_an_account"),
            ("switchboard", "nobody_has_a_password_not_even_the_one_compared_with"),
        ],
    ),
    proven(
        "A23",
        "a flood of passwords to be hashed",
        &[(
            "switchboard",
            "a23_a_flood_of_passwords_is_turned_away_and_few_are_hashed_at_once",
        )],
    ),
    proven(
        "A24",
        "an invitation used twice, late, by somebody else, by two at once",
        &[
            ("identity", "an_invitation_lets_in_the_person_it_was_sent_to_once"),
            (
                "identity",
                "a_late_revoked_replaced_or_declined_invitation_lets_nobody_in",
            ),
        ],
    ),
    proven(
        "A25",
        "the last owner removed, or a role given to oneself",
        &[
            ("identity", "a25_the_last_owner_stays_whoever_asks_and_however"),
            ("identity", "a25_two_owners_who_remove_each_other_at_once_leave_one"),
            ("identity", "nobody_hands_out_or_takes_away_more_than_they_hold"),
        ],
    ),
    proven(
        "A26",
        "a way on that leads to another site",
        &[
            ("app", "only_a_path_of_ours_is_a_way_on"),
            ("server", "the_way_back_is_a_path_of_ours"),
        ],
    ),
    proven(
        "A27",
        "a script in what people write",
        &[("process", "a27_what_people_write_is_text_on_every_page")],
    ),
    proven(
        "A28",
        "a page inside somebody else's page",
        &[("it", "a28_no_page_is_drawn_inside_another_site")],
    ),
    proven(
        "A29",
        "a route that forgets to ask who is there",
        &[
            ("it", "nobody_is_let_in"),
            ("it", "what_is_open_is_what_one_gets_in_by"),
            ("it", "the_document_describes_exactly_what_is_served"),
        ],
    ),
    waiting("A30", "a refresh token used again", &[RefreshTokens]),
    proven(
        "K1",
        "telling by the clock how much of a key is right",
        &[("bench", "timing_key")],
    ),
    proven(
        "K2",
        "a key and another organization's ids",
        &[
            ("identity", "k2_another_organizations_key_is_not_there"),
            ("it", "another_organization_finds_nothing_and_changes_nothing"),
        ],
    ),
    proven(
        "K3",
        "a key that does more than its scopes",
        &[("it", "a_key_may_do_nothing_that_its_scopes_leave_out")],
    ),
    proven(
        "K4",
        "a key that was revoked or has expired",
        &[
            (
                "identity",
                "k4_a_revoked_or_expired_key_is_refused_at_once_also_where_it_is_remembered",
            ),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    proven(
        "K5",
        "a key in a URL, a log or an error",
        &[
            ("it", "k5_a_key_in_the_address_opens_nothing"),
            (
                "it",
                "i35_neither_the_log_nor_the_figures_nor_a_refusal_repeat_what_people_wrote",
            ),
        ],
    ),
    proven(
        "K6",
        "a key that may do more than its maker",
        &[
            ("identity", "k6_a_key_may_do_at_most_what_its_maker_may_do"),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    proven(
        "K7",
        "the tables stolen, keys and all",
        &[
            ("identity", "k7_the_database_holds_no_key"),
            ("it", "k7_a_copy_of_the_database_opens_nothing"),
            ("switchboard", "a_kept_answer_opens_only_in_its_place"),
        ],
    ),
];
