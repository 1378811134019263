//! The elements and attributes that the product's pages use. One that is missing does not compile, and is added here.

use crate::{Element, attribute::IntoAttributeValue};

macro_rules! elements {
    ($kind:ident: $($tag:ident)*) => {
        $(
            #[must_use]
            pub fn $tag() -> $crate::Element {
                $crate::Element::$kind(stringify!($tag))
            }
        )*
    };
}

pub mod html {
    // The types that name an element, for a `NodeRef`; an item of one's own goes before one of a glob.
    pub use leptos::tachys::html::element::*;

    elements! { html:
        a article aside audio b blockquote body br button caption code col colgroup datalist dd details dialog div dl dt em
        fieldset figcaption figure footer form h1 h2 h3 h4 head header hr html i iframe img input kbd label legend li link main mark
        meta meter nav noscript ol optgroup option output p pre progress s script search section select small source span strong
        style sub summary sup table tbody td textarea tfoot th thead time title tr u ul video
    }
}

pub mod svg {
    elements! { svg: circle defs ellipse g line mask path pattern polygon polyline rect stop svg symbol text tspan }

    #[must_use]
    pub fn r#use() -> crate::Element {
        crate::Element::svg("use")
    }
}

macro_rules! attributes {
    ($($method:ident = $name:literal)*) => {
        impl Element {
            $(
                #[must_use]
                pub fn $method(self, value: impl IntoAttributeValue) -> Self {
                    self.named($name, value)
                }
            )*
        }
    };
}

attributes! {
    accept = "accept" action = "action" alt = "alt" aria_activedescendant = "aria-activedescendant" aria_atomic = "aria-atomic"
    aria_autocomplete = "aria-autocomplete" aria_busy = "aria-busy" aria_checked = "aria-checked" aria_controls = "aria-controls"
    aria_current = "aria-current" aria_describedby = "aria-describedby" aria_disabled = "aria-disabled"
    aria_expanded = "aria-expanded" aria_haspopup = "aria-haspopup" aria_hidden = "aria-hidden" aria_invalid = "aria-invalid"
    aria_label = "aria-label" aria_labelledby = "aria-labelledby" aria_live = "aria-live" aria_modal = "aria-modal"
    aria_orientation = "aria-orientation" aria_pressed = "aria-pressed" aria_required = "aria-required" aria_selected = "aria-selected"
    aria_sort = "aria-sort" aria_valuemax = "aria-valuemax" aria_valuemin = "aria-valuemin" aria_valuenow = "aria-valuenow"
    aria_valuetext = "aria-valuetext" r#as = "as" autocapitalize = "autocapitalize" autocomplete = "autocomplete" autofocus = "autofocus"
    charset = "charset" checked = "checked" class = "class" cols = "cols" colspan = "colspan" content = "content" controls = "controls"
    crossorigin = "crossorigin" datetime = "datetime" dir = "dir" disabled = "disabled" download = "download" draggable = "draggable"
    enctype = "enctype" enterkeyhint = "enterkeyhint" r#for = "for" form = "form" formaction = "formaction" formmethod = "formmethod"
    height = "height" hidden = "hidden" href = "href" id = "id" inert = "inert" inputmode = "inputmode" lang = "lang" list = "list"
    max = "max" maxlength = "maxlength" media = "media" method = "method" min = "min" minlength = "minlength" multiple = "multiple"
    name = "name" nonce = "nonce" novalidate = "novalidate" open = "open" pattern = "pattern" placeholder = "placeholder"
    popover = "popover" popovertarget = "popovertarget" popovertargetaction = "popovertargetaction" preload = "preload"
    readonly = "readonly" rel = "rel" required = "required" role = "role" rows = "rows" rowspan = "rowspan" scope = "scope"
    selected = "selected" span = "span" spellcheck = "spellcheck" src = "src" start = "start" step = "step" style = "style"
    tabindex = "tabindex" target = "target" title = "title" translate = "translate" r#type = "type" value = "value" width = "width"
    wrap = "wrap" r#async = "async" defer = "defer"
}
