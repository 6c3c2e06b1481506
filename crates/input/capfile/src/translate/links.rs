//! Linked paths inside one another.

use super::Sheet;
use crate::toml::Item;

/// A linked path inside another comes with the outer one, and our settings refuse to link both. What is left out is said.
pub(super) fn without_inner_links(sheet: &mut Sheet) -> Vec<(&'static str, String)> {
    let place = |key: &str| ("", key.to_owned());
    let texts = |sheet: &Sheet, key: &str| match sheet.keys.get(&place(key)) {
        Some(Item::List(items)) => items.clone(),
        _ => Vec::new(),
    };
    let dirs = texts(sheet, "linked_dirs");
    let outer = |inner: &Item, of_files: bool| {
        let Item::Text(inner) = inner else {
            return None;
        };
        dirs.iter().find_map(|dir| match dir {
            Item::Text(dir) if inner.starts_with(&format!("{dir}/")) => Some(dir.clone()),
            Item::Text(dir) if of_files && inner == dir => Some(dir.clone()),
            _ => None,
        })
    };
    let mut said = Vec::new();
    for key in ["linked_dirs", "linked_files"] {
        let (mut stay, all) = (Vec::new(), texts(sheet, key));
        for item in all {
            match outer(&item, key == "linked_files") {
                Some(dir) => said.push((
                    key,
                    format!(
                        "{} lies in `{dir}`, which is linked as a whole; only that is carried over",
                        item.written()
                    ),
                )),
                None => stay.push(item),
            }
        }
        if sheet.keys.contains_key(&place(key)) {
            sheet.put("", key, Item::List(stay));
        }
    }
    said
}
