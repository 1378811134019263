//! The marks of hot reloading in the browser. Hydration goes node by node and knows none of them, so they are out of the page while
//! it lasts.

/// The marks of a page, taken out of it.
pub struct Marks(Vec<Place>);

struct Place {
    mark: web_sys::Node,
    parent: web_sys::Node,
    before: Option<web_sys::Node>,
}

impl Marks {
    pub fn take_out(root: &web_sys::Node) -> Self {
        let mut marks = Vec::new();
        collect(root, &mut marks);
        // From the end, so that each knows the neighbour that it will be put back before.
        let places = marks.into_iter().rev().filter_map(|mark| {
            let (parent, before) = (mark.parent_node()?, mark.next_sibling());
            parent.remove_child(&mark).ok()?;
            Some(Place { mark, parent, before })
        });
        Self(places.collect())
    }

    /// Where the page has changed in the meantime, a mark ends up last among its neighbours.
    pub fn put_back(self) {
        for Place { mark, parent, before } in self.0.into_iter().rev() {
            let before = before.filter(|before| before.parent_node().as_ref() == Some(&parent));
            let _ = parent.insert_before(&mark, before.as_ref());
        }
    }
}

fn collect(node: &web_sys::Node, marks: &mut Vec<web_sys::Node>) {
    let mut child = node.first_child();
    while let Some(node) = child {
        if node.node_type() == web_sys::Node::COMMENT_NODE
            && node.node_value().is_some_and(|text| text.starts_with("hot-reload|"))
        {
            marks.push(node.clone());
        }
        collect(&node, marks);
        child = node.next_sibling();
    }
}
