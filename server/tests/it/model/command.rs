//! Commands: what people and programs ask for in the model, chosen at random. They name things by number, so that any
//! sequence of them makes sense, also with some left out.

use proptest::{
    option,
    prelude::{BoxedStrategy, Just, Strategy, any},
    prop_oneof,
};
use switchboard::org::Role;

#[derive(Clone, Debug)]
pub struct Command {
    pub by: By,
    /// A page drawn for another organization than the session is in.
    pub old_page: bool,
    /// One of few idempotency keys, which all organizations use alike.
    pub key: Option<usize>,
    pub deed: Deed,
}

/// Who asks; every number counts around what there is.
#[derive(Clone, Copy, Debug)]
pub enum By {
    Key { org: usize, n: usize },
    Token { person: usize, org: usize },
    Session { person: usize },
}

/// One thing among those of an organization.
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    pub whose: Whose,
    pub n: usize,
}

#[derive(Clone, Copy, Debug)]
pub enum Whose {
    Own,
    Another(usize),
    Nobodys,
}

#[derive(Clone, Debug)]
pub struct Words {
    pub name: usize,
    pub number: usize,
    pub tag: Option<usize>,
    pub german: bool,
    /// Nothing in it tells by which organization it was written.
    pub shared: bool,
}

#[derive(Clone, Debug)]
pub enum Deed {
    ListAgents {
        search: Search,
        limit: Option<usize>,
    },
    Facets,
    ReadAgent(Pick),
    CreateAgent(Words),
    UpdateAgent {
        agent: Pick,
        words: Words,
        stale: bool,
    },
    DeleteAgent(Pick),
    DuplicateAgent(Pick),
    SyncAgent(Pick),
    ListCalls {
        agent: Option<Pick>,
        limit: Option<usize>,
    },
    ReadCall(Pick),
    PlaceCall {
        agent: Pick,
        number: usize,
    },
    StopCall(Pick),
    ListKeys,
    CreateKey {
        scopes: usize,
    },
    RevokeKey(Pick),
    ListMembers,
    SetRole {
        person: usize,
        role: Role,
    },
    RemoveMember {
        person: usize,
    },
    ListInvitations,
    Invite {
        address: usize,
        role: Role,
    },
    RevokeInvitation(Pick),
    AcceptInvitation(Pick),
    DeclineInvitation(Pick),
    ListAudit {
        kind: Option<usize>,
        about: Option<Pick>,
        limit: Option<usize>,
    },
    /// The next page of a list that somebody began, with this cursor.
    GoOn {
        cursor: usize,
        elsewhere: bool,
        limit: Option<usize>,
    },
    /// The same of every registered resource, chosen by its number.
    Resource {
        number: usize,
        on: OnResource,
    },
    Me,
    Places,
    Switch {
        org: usize,
    },
    Leave,
}

#[derive(Clone, Debug)]
pub enum OnResource {
    List {
        limit: Option<usize>,
    },
    Read(Pick),
    /// `inside`: of what nests, another one of its kind.
    Create {
        name: usize,
        inside: Option<Pick>,
    },
    Update {
        thing: Pick,
        name: usize,
        inside: Option<Pick>,
        stale: bool,
    },
    Delete(Pick),
}

#[derive(Clone, Copy, Debug)]
pub enum Search {
    All,
    Name(usize),
    Tag(usize),
    /// The mark of an organization, one's own or another's.
    Mark(Whose),
}

const MANY: usize = 64;

fn number() -> BoxedStrategy<usize> {
    (0..MANY).boxed()
}

fn whose() -> BoxedStrategy<Whose> {
    prop_oneof![
        6 => Just(Whose::Own),
        3 => number().prop_map(Whose::Another),
        1 => Just(Whose::Nobodys),
    ]
    .boxed()
}

fn pick() -> BoxedStrategy<Pick> {
    (whose(), number()).prop_map(|(whose, n)| Pick { whose, n }).boxed()
}

fn words() -> BoxedStrategy<Words> {
    (number(), 0..3_usize, option::of(number()), any::<bool>())
        .prop_map(|(name, number, tag, german)| Words {
            name,
            number,
            tag,
            german,
            shared: false,
        })
        .boxed()
}

fn role() -> BoxedStrategy<Role> {
    (0..Role::ALL.len()).prop_map(|n| Role::ALL[n]).boxed()
}

fn limit() -> BoxedStrategy<Option<usize>> {
    option::of(1..4_usize).boxed()
}

fn search() -> BoxedStrategy<Search> {
    prop_oneof![
        3 => Just(Search::All),
        2 => number().prop_map(Search::Name),
        1 => number().prop_map(Search::Tag),
        1 => whose().prop_map(Search::Mark),
    ]
    .boxed()
}

fn agents() -> BoxedStrategy<Deed> {
    prop_oneof![
        5 => (search(), limit()).prop_map(|(search, limit)| Deed::ListAgents { search, limit }),
        2 => Just(Deed::Facets),
        4 => pick().prop_map(Deed::ReadAgent),
        5 => words().prop_map(Deed::CreateAgent),
        4 => (pick(), words(), any::<bool>())
            .prop_map(|(agent, words, stale)| Deed::UpdateAgent { agent, words, stale }),
        1 => pick().prop_map(Deed::DeleteAgent),
        2 => pick().prop_map(Deed::DuplicateAgent),
        1 => pick().prop_map(Deed::SyncAgent),
    ]
    .boxed()
}

fn resources() -> BoxedStrategy<Deed> {
    let on = prop_oneof![
        3 => limit().prop_map(|limit| OnResource::List { limit }),
        3 => pick().prop_map(OnResource::Read),
        4 => (number(), option::of(pick())).prop_map(|(name, inside)| OnResource::Create { name, inside }),
        3 => (pick(), number(), option::of(pick()), any::<bool>())
            .prop_map(|(thing, name, inside, stale)| OnResource::Update { thing, name, inside, stale }),
        2 => pick().prop_map(OnResource::Delete),
    ];
    (number(), on)
        .prop_map(|(number, on)| Deed::Resource { number, on })
        .boxed()
}

fn calls() -> BoxedStrategy<Deed> {
    prop_oneof![
        3 => (option::of(pick()), limit()).prop_map(|(agent, limit)| Deed::ListCalls { agent, limit }),
        3 => pick().prop_map(Deed::ReadCall),
        3 => (pick(), number()).prop_map(|(agent, number)| Deed::PlaceCall { agent, number }),
        1 => pick().prop_map(Deed::StopCall),
    ]
    .boxed()
}

fn keys() -> BoxedStrategy<Deed> {
    prop_oneof![
        3 => Just(Deed::ListKeys),
        2 => number().prop_map(|scopes| Deed::CreateKey { scopes }),
        1 => pick().prop_map(Deed::RevokeKey),
    ]
    .boxed()
}

fn people() -> BoxedStrategy<Deed> {
    prop_oneof![
        3 => Just(Deed::ListMembers),
        2 => (number(), role()).prop_map(|(person, role)| Deed::SetRole { person, role }),
        1 => number().prop_map(|person| Deed::RemoveMember { person }),
        2 => Just(Deed::ListInvitations),
        6 => (number(), role()).prop_map(|(address, role)| Deed::Invite { address, role }),
        5 => pick().prop_map(Deed::RevokeInvitation),
        3 => pick().prop_map(Deed::AcceptInvitation),
        3 => pick().prop_map(Deed::DeclineInvitation),
    ]
    .boxed()
}

fn places() -> BoxedStrategy<Deed> {
    prop_oneof![
        2 => Just(Deed::Me),
        1 => Just(Deed::Places),
        6 => number().prop_map(|org| Deed::Switch { org }),
        1 => Just(Deed::Leave),
    ]
    .boxed()
}

fn lists() -> BoxedStrategy<Deed> {
    prop_oneof![
        2 => (option::of(number()), option::of(pick()), limit())
            .prop_map(|(kind, about, limit)| Deed::ListAudit { kind, about, limit }),
        3 => (number(), proptest::bool::weighted(0.2), limit())
            .prop_map(|(cursor, elsewhere, limit)| Deed::GoOn { cursor, elsewhere, limit }),
    ]
    .boxed()
}

pub fn any_command() -> BoxedStrategy<Command> {
    let deed = prop_oneof![
        8 => agents(), 6 => resources(), 4 => calls(), 2 => keys(), 4 => people(), 2 => places(), 4 => lists(),
    ];
    let by = prop_oneof![
        // The first key of an organization may do everything, and is asked with most.
        3 => number().prop_map(|org| By::Key { org, n: 0 }),
        2 => (number(), number()).prop_map(|(org, n)| By::Key { org, n }),
        2 => (number(), number()).prop_map(|(person, org)| By::Token { person, org }),
        5 => number().prop_map(|person| By::Session { person }),
    ];
    let key = prop_oneof![2 => Just(None), 1 => (0..3_usize).prop_map(Some)];
    (by, proptest::bool::weighted(0.05), key, deed)
        .prop_map(|(by, old_page, key, mut deed)| {
            // Under one key most say the same, in all organizations alike.
            if let (Some(key), Deed::CreateAgent(words)) = (key, &mut deed) {
                words.shared = words.number > 0;
                words.name = if words.shared { key } else { words.name };
            }
            Command {
                by,
                old_page,
                key,
                deed,
            }
        })
        .boxed()
}
