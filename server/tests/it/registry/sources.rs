//! Which tests there are: read from the sources as the compiler reads them, from each test binary's root along its
//! modules, so that a file nobody includes does not count.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Block, Expr, ExprReturn, Item, ItemFn, ItemMod, visit::Visit};

/// Groups of tests: each a test binary, or one module of it, and where the binary begins below the workspace's root.
const GROUPS: [(&str, &str, Option<&str>); 14] = [
    ("switchboard", "src/lib.rs", None),
    ("cluster", "crates/cluster/tests/cluster.rs", None),
    ("identity", "tests/it/main.rs", Some("identity")),
    ("rows", "tests/it/main.rs", Some("rows")),
    ("verify", "tests/it/main.rs", Some("verify")),
    ("app", "app/src/lib.rs", None),
    ("server", "server/src/lib.rs", None),
    ("calls", "server/tests/it/main.rs", Some("calls")),
    ("door", "server/tests/it/main.rs", Some("door")),
    ("it", "server/tests/it/main.rs", None),
    ("process", "server/tests/process/main.rs", None),
    ("registry", "server/tests/it/main.rs", Some("registry")),
    ("sandbox", "crates/sandbox/tests/it/main.rs", None),
    ("warden", "crates/warden/tests/run/main.rs", None),
];

/// The browser's journeys: Node runs them, and a journey is known by its title.
pub const JOURNEYS: &str = "journeys";

/// What a test says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    Always,
    /// Marked `#[ignore]`.
    Never,
    /// There is a `return` in it, so that it may pass without having looked.
    Sometimes,
}

/// The tests of each group, by their function's name.
pub type Tests = BTreeMap<&'static str, BTreeMap<String, Runs>>;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn tests() -> Tests {
    let mut tests = Tests::new();
    for (group, file, module) in GROUPS {
        let mut found = Found::default();
        match module {
            None => found.file(&root().join(file), true),
            Some(module) => found.module_of(&root().join(file), module),
        }
        tests.insert(group, found.tests);
    }
    tests.insert(JOURNEYS, journeys());
    tests
}

#[derive(Default)]
struct Found {
    tests: BTreeMap<String, Runs>,
}

impl Found {
    /// One module of a root, and nothing else of it.
    fn module_of(&mut self, path: &Path, name: &str) {
        let beside = path.parent().unwrap();
        let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
        let module = file.items.iter().find_map(|item| match item {
            Item::Mod(module) if module.ident == name => Some(module),
            _ => None,
        });
        let module = module.unwrap_or_else(|| panic!("{} has no module {name}", path.display()));
        self.module(module, beside, beside);
    }

    /// `owns`: whether the file's modules lie beside it, as those of a root or of a `mod.rs` do.
    fn file(&mut self, path: &Path, owns: bool) {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let beside = path.parent().unwrap().to_owned();
        let modules = if owns { beside.clone() } else { path.with_extension("") };
        self.items(&file.items, &beside, &modules);
    }

    fn items(&mut self, items: &[Item], beside: &Path, modules: &Path) {
        for item in items {
            match item {
                Item::Fn(function) => self.function(function),
                Item::Mod(module) => self.module(module, beside, modules),
                _ => {}
            }
        }
    }

    fn module(&mut self, module: &ItemMod, beside: &Path, modules: &Path) {
        let name = module.ident.to_string();
        if let Some((_, items)) = &module.content {
            return self.items(items, beside, &modules.join(name));
        }
        if let Some(path) = named_path(&module.attrs) {
            return self.file(&beside.join(path), true);
        }
        let (alone, folder) = (modules.join(format!("{name}.rs")), modules.join(&name).join("mod.rs"));
        if alone.is_file() {
            self.file(&alone, false);
        } else {
            self.file(&folder, true);
        }
    }

    fn function(&mut self, function: &ItemFn) {
        let is = |name: &str| {
            let last = |attribute: &Attribute| attribute.path().segments.last().map(|part| part.ident.to_string());
            function
                .attrs
                .iter()
                .any(|attribute| last(attribute).as_deref() == Some(name))
        };
        if is("test") {
            let runs = match (is("ignore"), leaves_early(&function.block)) {
                (true, _) => Runs::Never,
                (false, true) => Runs::Sometimes,
                (false, false) => Runs::Always,
            };
            self.tests.insert(function.sig.ident.to_string(), runs);
        }
    }
}

/// `#[path = "…"]`
fn named_path(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// Whether the test itself returns before its end; what its closures, blocks of their own and inner functions return is
/// their own matter.
fn leaves_early(block: &Block) -> bool {
    struct Returns(bool);
    impl<'a> Visit<'a> for Returns {
        fn visit_expr_return(&mut self, _: &'a ExprReturn) {
            self.0 = true;
        }
        fn visit_expr_closure(&mut self, _: &'a syn::ExprClosure) {}
        fn visit_expr_async(&mut self, _: &'a syn::ExprAsync) {}
        fn visit_item(&mut self, _: &'a Item) {}
    }
    let mut returns = Returns(false);
    returns.visit_block(block);
    returns.0
}

fn journeys() -> BTreeMap<String, Runs> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("end2end/journeys")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("journey('").and_then(|rest| rest.split('\'').next()) {
                found.insert(title.to_owned(), Runs::Always);
            }
        }
    }
    found
}

#[test]
fn a_test_is_found_where_the_compiler_finds_it_and_nowhere_else() {
    let source = "
        #[test] fn plain() { assert!(true) }
        #[tokio::test] #[ignore] async fn asleep() {}
        #[tokio::test] async fn shy() { let Some(it) = maybe() else { return }; }
        #[test] fn busy() { let f = || { return 1 }; let g = async { return 2 }; }
        fn helper() {}
        // #[test] fn commented() {}
        mod tests { #[test] fn inner() {} }
    ";
    let file = syn::parse_file(source).unwrap();
    let mut found = Found::default();
    found.items(&file.items, Path::new("."), Path::new("."));
    let found: Vec<_> = found.tests.iter().map(|(name, runs)| (name.as_str(), *runs)).collect();
    assert_eq!(
        found,
        [
            ("asleep", Runs::Never),
            ("busy", Runs::Always),
            ("inner", Runs::Always),
            ("plain", Runs::Always),
            ("shy", Runs::Sometimes),
        ]
    );
}
