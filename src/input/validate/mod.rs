//! Records checked and turned into pairs, or into problems that name column, value and cause.

pub mod cell;
pub mod diagnose;
pub mod excel;
pub mod id;
pub mod id_list;
pub mod key;
pub mod label_cells;
pub mod label_problem;
pub mod list_side;
pub mod pair_expander;
pub mod problem;
pub mod row_checker;
pub mod row_values;
pub mod shape;
