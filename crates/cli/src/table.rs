//! Tables without lines: a heading and columns.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::visible::visible;

/// Lays rows out in columns under upper-case headings. Cells may hold foreign text.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.map(str::to_uppercase));
    for row in rows {
        table.add_row(row.map(|cell| visible(&cell).into_owned()));
    }
    table.trim_fmt()
}
