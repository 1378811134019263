//! Places: where each folder lies, how it is called with those around it, and how many contacts are in all of it.

use switchboard::{
    Id,
    folders::{Folder, FolderRow},
};

/// A folder where it lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub folder: FolderRow,
    /// 0 at the top.
    pub depth: usize,
    /// With the folders around it: `Clinics / Oakland`.
    pub path: String,
    /// Contacts in it and in the folders inside it.
    pub count: i64,
}

/// All folders from top to bottom, each followed by those inside it. `counts` are of each folder itself.
pub fn places(folders: &[FolderRow], counts: &[(Id<Folder>, i64)]) -> Vec<Place> {
    let mut places = Vec::with_capacity(folders.len());
    add_inside(None, "", 0, folders, counts, &mut places);
    places
}

fn add_inside(
    parent: Option<Id<Folder>>,
    above: &str,
    depth: usize,
    folders: &[FolderRow],
    counts: &[(Id<Folder>, i64)],
    places: &mut Vec<Place>,
) -> i64 {
    let mut all = 0;
    for folder in folders.iter().filter(|folder| folder.parent_id == parent) {
        let mut path = above.to_owned();
        path.push_str(&folder.name);
        let below = [path.as_str(), " / "].concat();
        let at = places.len();
        places.push(Place {
            folder: folder.clone(),
            depth,
            path,
            count: 0,
        });
        let own = counts
            .iter()
            .find(|(id, _)| *id == folder.id)
            .map_or(0, |(_, count)| *count);
        let count = own + add_inside(Some(folder.id), &below, depth + 1, folders, counts, places);
        places[at].count = count;
        all += count;
    }
    all
}

/// What lies inside a place, however deep.
pub fn inside(places: &[Place], id: Id<Folder>) -> &[Place] {
    let Some(at) = places.iter().position(|place| place.folder.id == id) else {
        return &[];
    };
    let below = &places[at + 1..];
    let end = below.iter().position(|place| place.depth <= places[at].depth);
    &below[..end.unwrap_or(below.len())]
}

/// Every folder as value and words, to be chosen from. `none` is what stands for no folder.
pub fn choices(folders: &[FolderRow], none: &str) -> Vec<(String, String)> {
    std::iter::once((String::new(), none.to_owned()))
        .chain(
            places(folders, &[])
                .into_iter()
                .map(|place| (place.folder.id.to_string(), place.path)),
        )
        .collect()
}

/// How a folder is called with those around it, if it is there.
pub fn path_of(folders: &[FolderRow], id: Id<Folder>) -> Option<String> {
    places(folders, &[])
        .into_iter()
        .find(|place| place.folder.id == id)
        .map(|place| place.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use switchboard::folders::FolderColor;

    fn id(n: u128) -> Id<Folder> {
        Id::from_uuid(uuid::Uuid::from_u128(n))
    }

    fn folder(n: u128, name: &str, parent: Option<u128>) -> FolderRow {
        FolderRow {
            id: id(n),
            name: name.to_owned(),
            parent_id: parent.map(id),
            color: FolderColor::Gray,
            revision: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn all() -> Vec<FolderRow> {
        vec![
            folder(1, "Clinics", None),
            folder(2, "Downtown", Some(3)),
            folder(3, "Oakland", Some(1)),
            folder(4, "Partners", None),
            folder(5, "San Jose", Some(1)),
        ]
    }

    #[test]
    fn a_folder_stands_below_its_parent_and_counts_what_is_inside() {
        let places = places(&all(), &[(id(1), 2), (id(2), 5), (id(3), 10), (id(4), 1)]);
        let told: Vec<_> = places
            .iter()
            .map(|place| (place.path.as_str(), place.depth, place.count))
            .collect();
        assert_eq!(
            told,
            [
                ("Clinics", 0, 17),
                ("Clinics / Oakland", 1, 15),
                ("Clinics / Oakland / Downtown", 2, 5),
                ("Clinics / San Jose", 1, 0),
                ("Partners", 0, 1),
            ]
        );
    }

    #[test]
    fn what_is_inside_ends_where_the_next_folder_begins() {
        let places = places(&all(), &[]);
        let names = |n| {
            inside(&places, id(n))
                .iter()
                .map(|place| place.folder.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(1), ["Oakland", "Downtown", "San Jose"]);
        assert_eq!(names(3), ["Downtown"]);
        assert_eq!(names(4), [""; 0]);
        assert_eq!(names(9), [""; 0]);
    }
}
