//! The flags of `labels`.

use clap::Args;

use crate::cli::connection::ConnectionArgs;
use crate::cli::input::object_type;
use crate::domain::pair::ObjectType;

/// The flags of `labels`.
#[derive(Args, Clone, Debug)]
pub struct LabelsArgs {
    /// Type of the records named first, such as contacts or 0-1
    #[arg(value_name = "FROM", value_parser = object_type)]
    pub from: ObjectType,
    /// Type of the records named second
    #[arg(value_name = "TO", value_parser = object_type)]
    pub to: ObjectType,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
