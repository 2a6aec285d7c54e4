//! Two swapped columns of one type are an error of this build.

fn main() {
    sql_columns::check();
}
