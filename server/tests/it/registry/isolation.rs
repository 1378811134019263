//! I: one organization against another.

use super::{
    features::Feature::{Bulk, Erasure, Restore},
    items::{Item, partly, proven, waiting},
};

pub const ITEMS: &[Item] = &[
    proven(
        "I1",
        "a statement without an organization",
        &[
            (
                "rows",
                "every_tenant_table_has_rows_of_both_organizations_to_be_kept_apart",
            ),
            ("rows", "without_an_organization_no_table_shows_a_row"),
            (
                "rows",
                "a_row_of_another_organization_is_refused_before_anything_else_about_it_is_looked_at",
            ),
        ],
    ),
    proven(
        "I2",
        "the setting left empty on a connection used again",
        &[("rows", "without_an_organization_no_table_shows_a_row")],
    ),
    proven(
        "I3",
        "a setting that names no organization",
        &[
            ("rows", "an_organization_that_is_none_shows_no_row"),
            ("switchboard", "an_org_id_is_a_prefix_and_plain_letters"),
        ],
    ),
    proven(
        "I4",
        "reading by another organization's id, wherever an id can stand",
        &[
            ("it", "another_organization_finds_nothing_and_changes_nothing"),
            (
                "it",
                "i4_an_id_of_another_organization_in_a_filter_finds_what_nobodys_id_finds",
            ),
        ],
    ),
    proven(
        "I5",
        "changing or deleting by another organization's id",
        &[
            ("it", "another_organization_finds_nothing_and_changes_nothing"),
            (
                "rows",
                "another_organizations_rows_are_not_there_to_be_changed_or_deleted",
            ),
        ],
    ),
    proven(
        "I6",
        "an organization named in the body of what is made",
        &[
            ("it", "what_cannot_be_read_is_reported_with_the_field_it_stands_in"),
            (
                "it",
                "i8_an_organization_named_anywhere_in_a_request_changes_nothing_about_whose_it_is",
            ),
        ],
    ),
    proven(
        "I7",
        "linking to a thing of another organization",
        &[
            ("it", "another_organization_finds_nothing_and_changes_nothing"),
            ("rows", "an_id_says_nothing_about_whether_another_organization_has_it"),
        ],
    ),
    proven(
        "I8",
        "the organization smuggled into nested fields, forms and queries",
        &[
            ("it", "every_body_is_read_strictly"),
            (
                "it",
                "i8_an_organization_named_anywhere_in_a_request_changes_nothing_about_whose_it_is",
            ),
        ],
    ),
    proven(
        "I9",
        "moving a row to another organization, as any role",
        &[("rows", "nobody_moves_a_row_into_another_organization")],
    ),
    proven(
        "I10",
        "using an id that another organization uses",
        &[("rows", "an_id_says_nothing_about_whether_another_organization_has_it")],
    ),
    proven(
        "I11",
        "using a unique value that another organization uses",
        &[
            ("it", "every_resource_keeps_the_contract"),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    proven(
        "I12",
        "a unique key across organizations as an oracle",
        &[
            ("verify", "the_shipped_schema_is_clean_and_was_really_looked_at"),
            ("verify", "every_fault_of_the_catalog_is_noticed_by_its_rule"),
        ],
    ),
    proven(
        "I13",
        "a cursor taken to another organization",
        &[
            ("switchboard", "a_cursor_opens_only_for_its_organization_and_filters"),
            ("it", "every_resource_keeps_the_contract"),
            ("it", "the_model_holds_for_random_commands"),
        ],
    ),
    waiting("I14", "one request about things of several organizations", &[Bulk]),
    proven(
        "I15",
        "search, counts and facets over other people's rows",
        &[("it", "the_model_holds_for_random_commands")],
    ),
    proven(
        "I16",
        "a file of another organization",
        &[
            ("it", "another_organization_finds_nothing_and_changes_nothing"),
            ("it", "a_list_of_many_pages_is_one_file_of_one_organization"),
            ("it", "a_file_asks_what_its_list_asks"),
        ],
    ),
    proven(
        "I17",
        "an answer kept by a cache and given to somebody else",
        &[("it", "i17_no_answer_about_an_organization_may_be_kept_by_a_cache")],
    ),
    proven(
        "I18",
        "a stream of another organization, or one that outlives its session's place",
        &[
            ("it", "a_stream_tells_of_its_own_organization_only"),
            ("it", "a_stream_ends_with_the_membership_of_its_reader"),
            ("it", "i18_a_stream_ends_when_its_session_goes_elsewhere_or_is_over"),
            ("it", "nobody_hears_anything"),
            ("switchboard", "a_page_hears_only_its_own_organization"),
        ],
    ),
    proven(
        "I19",
        "a setting left behind by what was cut short",
        &[(
            "switchboard",
            "a_thousand_abandoned_transactions_leave_no_organization_behind",
        )],
    ),
    proven(
        "I20",
        "one prepared statement for many organizations",
        &[(
            "rows",
            "a_prepared_statement_answers_for_the_organization_of_the_moment",
        )],
    ),
    proven(
        "I21",
        "a new table without protection",
        &[
            ("verify", "a_new_table_without_protection_turns_the_whole_report_red"),
            ("verify", "every_fault_of_the_catalog_is_noticed_by_its_rule"),
        ],
    ),
    proven(
        "I22",
        "a careless policy that lets everything through",
        &[
            (
                "rows",
                "i22_a_policy_that_lets_everything_through_lets_nothing_through_the_wall",
            ),
            ("verify", "every_fault_of_the_catalog_is_noticed_by_its_rule"),
        ],
    ),
    proven(
        "I23",
        "a policy that only looks like ours",
        &[
            ("verify", "every_fault_of_the_catalog_is_noticed_by_its_rule"),
            ("verify", "every_rule_has_a_fault_that_it_notices"),
        ],
    ),
    proven(
        "I24",
        "a login that row security does not bind",
        &[
            (
                "rows",
                "i24_the_program_does_not_start_where_row_security_would_not_bind_it",
            ),
            (
                "verify",
                "every_fault_that_a_login_would_run_into_is_noticed_by_its_rule",
            ),
        ],
    ),
    proven(
        "I25",
        "a view, function or foreign table as a side door",
        &[
            ("verify", "every_fault_of_the_catalog_is_noticed_by_its_rule"),
            ("rows", "the_app_is_denied_every_way_around_row_security"),
        ],
    ),
    proven(
        "I26",
        "another answer to which organization this is",
        &[
            ("verify", "every_fault_of_the_catalog_is_noticed_by_its_rule"),
            ("verify", "every_rule_has_a_fault_that_it_notices"),
        ],
    ),
    proven(
        "I27",
        "truncate, copy, large objects, temporary tables, notifications",
        &[
            ("rows", "the_app_is_denied_every_way_around_row_security"),
            (
                "switchboard",
                "what_changed_is_told_once_with_the_commit_and_names_no_organization",
            ),
        ],
    ),
    proven(
        "I28",
        "peeking at other sessions and at the planner's statistics",
        &[
            ("rows", "the_app_is_denied_every_way_around_row_security"),
            (
                "rows",
                "the_planners_statistics_keep_the_values_of_hidden_rows_to_themselves",
            ),
        ],
    ),
    proven(
        "I29",
        "SQL injected into a statement of the app",
        &[(
            "rows",
            "i29_what_is_injected_into_a_statement_of_the_app_stays_in_its_organization",
        )],
    ),
    proven(
        "I30",
        "all policies gone: the suite has to notice",
        &[
            ("it", "without_either_everything_crosses_and_the_replay_says_so"),
            (
                "it",
                "without_either_the_model_finds_a_foreign_row_within_a_thousand_requests",
            ),
        ],
    ),
    proven(
        "I31",
        "tests that run as a superuser and prove nothing",
        &[
            (
                "rows",
                "i31_the_logins_of_the_tests_are_bound_like_those_of_the_program",
            ),
            (
                "rows",
                "i24_the_program_does_not_start_where_row_security_would_not_bind_it",
            ),
        ],
    ),
    proven(
        "I32",
        "telling by the clock whether somebody has an id",
        &[("bench", "timing_foreign_id")],
    ),
    proven(
        "I33",
        "a dump by the app's login",
        &[("rows", "a_dump_by_the_app_is_an_error_and_never_a_part_of_the_rows")],
    ),
    proven(
        "I34",
        "a job of one organization that writes into another",
        &[(
            "rows",
            "the_worker_sees_every_queue_and_else_only_the_organization_it_has_entered",
        )],
    ),
    proven(
        "I35",
        "logs, figures and error pages that tell of others",
        &[(
            "it",
            "i35_neither_the_log_nor_the_figures_nor_a_refusal_repeat_what_people_wrote",
        )],
    ),
    partly(
        "I36",
        "what still comes for an organization that is gone",
        &[
            ("identity", "i36_a_deleted_organization_takes_its_keys_along"),
            (
                "identity",
                "a12_a_person_who_is_disabled_and_an_organization_that_is_deleted_open_nothing",
            ),
        ],
        &[Erasure],
    ),
    waiting("I37", "one organization put back from a backup", &[Restore]),
];
